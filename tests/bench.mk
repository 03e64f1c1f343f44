# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# make bench [ONLY=bench|flowtable|timer] [ARGS='-l 1 -k tcp4'], as root. See tests/bench/.
#	bench		ns a packet of the real programs beside hand-written floors
#	flowtable	what the flow table's key and map type cost: decided its ABI
#	timer		that a kernel timer collects flows with no process alive

ONLY ?= bench
ARGS ?=
BENCH := $(B)/bench
BENCH_CPPFLAGS := -Itests -Iinclude -I$(B)/skel
BENCH_COMMON := driver_run frame stat
BENCH_MAIN := bench conn facts lab lane result setup
BENCH_BPF := $(patsubst tests/bench/%.bpf.c,$(BENCH)/%.bpf.o,\
	$(wildcard tests/bench/*.bpf.c tests/bench/*/*.bpf.c))
BENCH_FLOWTABLE := $(patsubst tests/bench/%.c,%,\
	$(filter-out %.bpf.c,$(wildcard tests/bench/flowtable/*.c)))

bench_objs = $(patsubst %,$(BENCH)/%.o,$(1))

$(BENCH)/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests -idirafter /usr/include/$(shell $(CC) -print-multiarch) -MMD -MP -c $< -o $@

$(BENCH)/%.o: tests/bench/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BENCH_CPPFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/bench: $(call bench_objs,$(BENCH_MAIN) $(BENCH_COMMON)) $(B)/tests/support/frame.o
$(BENCH)/flowtable/flowtable: $(call bench_objs,$(BENCH_FLOWTABLE) $(BENCH_COMMON)) $(B)/tests/support/frame.o
$(BENCH)/timer/timer: $(call bench_objs,timer/timer)
$(BENCH)/bench $(BENCH)/flowtable/flowtable $(BENCH)/timer/timer: | $(BENCH_BPF)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS) -lpthread

.PHONY: bench-bench bench-flowtable bench-timer
bench: bench-$(ONLY)
bench-bench: $(BENCH)/bench
	$(BENCH)/bench -j $(BENCH)/result.json $(ARGS) $(BENCH)
bench-flowtable: $(BENCH)/flowtable/flowtable
	$(BENCH)/flowtable/flowtable $(BENCH) $(ARGS)
bench-timer: $(BENCH)/timer/timer
	$(BENCH)/timer/timer prove $(BENCH)/timer/collector.bpf.o $(ARGS)
