# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# make bench			all of the first four, one after the other (root)
# make bench ONLY=name [ARGS='...']
#	program		ns a packet of the real programs beside hand-written floors
#	packets		small packets through a node, beside plain forwarding and other balancers
#	tcp		connections, requests and bulk between processes, beside the same
#	scale		what services cost: to apply, to change, for a packet
#	flowtable	what the flow table's key and map type cost: decided its ABI
#	timer		that a kernel timer collects flows with no process alive
# Each of the first four writes build/bench/NAME.json, in the format of tests/bench/result.h, for:
# make bench-check [STRICT=1]	what moved since tests/bench/baseline.json, and targets
# make bench-baseline		the results become that baseline
# make bench-plot		doc/bench.svg

BENCHES := program packets tcp scale
BENCHES_ASKED := flowtable timer
ONLY ?= $(BENCHES)
ARGS ?=
# Not spelt out in the recipe: make -n would run it.
BENCH_MAKE = $(MAKE) --no-print-directory -j1
STRICT ?=
BENCH := $(B)/bench
BENCH_CPPFLAGS := -Itests -Iinclude -I$(B)/skel
BENCH_COMMON := driver_run frame stat
BENCH_PROGRAM := program cases conn facts flood lab lane result setup setup_floor world
BENCH_BPF := $(patsubst tests/bench/%.bpf.c,$(BENCH)/%.bpf.o,\
	$(wildcard tests/bench/*.bpf.c tests/bench/*/*.bpf.c))
bench_dir = $(patsubst tests/bench/%.c,%,$(filter-out %.bpf.c,$(wildcard tests/bench/$(1)/*.c)))
BENCH_FLOWTABLE := $(call bench_dir,flowtable)
BENCH_TCP := $(call bench_dir,tcp)

bench_objs = $(patsubst %,$(BENCH)/%.o,$(1))

$(BENCH)/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests -idirafter /usr/include/$(shell $(CC) -print-multiarch) -MMD -MP -c $< -o $@

$(BENCH)/%.o: tests/bench/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BENCH_CPPFLAGS) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(BENCH)/program: $(call bench_objs,$(BENCH_PROGRAM) $(BENCH_COMMON)) $(B)/tests/support/frame.o
$(BENCH)/flowtable/flowtable: $(call bench_objs,$(BENCH_FLOWTABLE) $(BENCH_COMMON)) $(B)/tests/support/frame.o
$(BENCH)/timer/timer: $(call bench_objs,timer/timer)
$(BENCH)/tcp/tcp: $(call bench_objs,$(BENCH_TCP))
$(BENCH)/e2e/blast: $(call bench_objs,e2e/blast)
$(BENCH)/tcp/tcp $(BENCH)/e2e/blast:
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS)
$(BENCH)/scale/packet: $(call bench_objs,scale/packet)
$(BENCH)/program $(BENCH)/flowtable/flowtable $(BENCH)/timer/timer $(BENCH)/scale/packet: | $(BENCH_BPF)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS) -lpthread

# One at a time: they must not disturb each other. One that fails does not stop the next. The
# result says where it was made; the last run's must not pass for this one's.
bench:
	$(foreach b,$(filter-out $(BENCHES) $(BENCHES_ASKED),$(ONLY)),$(error \
		no benchmark is called '$b'; there are: $(BENCHES) $(BENCHES_ASKED)))
	$(if $(and $(ARGS),$(word 2,$(ONLY))),$(error ARGS is for one benchmark: say ONLY=name too))
	@failed=; for b in $(ONLY); do \
		json=$(BENCH)/$$b.json; rm -f $$json; \
		$(BENCH_MAKE) bench-$$b || failed="$$failed $$b"; \
		[ ! -e $$json ] || CLANG=$(CLANG) tests/bench/stamp.py $$json; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

.PHONY: $(addprefix bench-,program packets tcp scale $(BENCHES_ASKED) check baseline plot)
bench-program: $(BENCH)/program
	$(BENCH)/program -j $(BENCH)/program.json $(ARGS) $(BENCH)
bench-packets: $(BENCH)/e2e/blast $(BENCH)/e2e/blast.bpf.o $(BENCH)/e2e/forward.bpf.o $(B)/sluice
	SLUICE=$(B)/sluice BENCH_BUILD=$(BENCH) tests/bench/e2e/packets.py -j $(BENCH)/packets.json $(ARGS)
bench-tcp: $(BENCH)/tcp/tcp $(BENCH)/tcp/pass.bpf.o $(B)/sluice
	SLUICE=$(B)/sluice BENCH_BUILD=$(BENCH) tests/bench/tcp/run.py --tool $(BENCH)/tcp/tcp -j $(BENCH)/tcp.json $(ARGS)
bench-scale: $(B)/sluice $(BENCH)/scale/packet
	SLUICE=$(B)/sluice tests/bench/scale/scale.py -j $(BENCH)/scale.json $(ARGS) $(BENCH)/scale/packet
bench-flowtable: $(BENCH)/flowtable/flowtable
	$(BENCH)/flowtable/flowtable $(BENCH) $(ARGS)
bench-timer: $(BENCH)/timer/timer
	$(BENCH)/timer/timer prove $(BENCH)/timer/collector.bpf.o $(ARGS)

bench-check:
	tests/bench/check.py $(if $(STRICT),--strict) $(BENCH)
bench-baseline:
	tests/bench/check.py --write $(BENCH)
bench-plot:
	@mkdir -p doc
	tests/bench/plot.py $(BENCH) doc/bench.svg

# What check.py makes of results, not the results.
.PHONY: check-bench
check-bench:
	tests/bench/check_test.py
check: check-bench
