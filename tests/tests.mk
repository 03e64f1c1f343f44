# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Unit tests: tests/unit/*.c, linked with everything of user/ but main(), all of it compiled
# with sanitizers, one Criterion binary. Packet and namespace tests use the plain build.

SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT_OBJ := $(UNIT_SRC:tests/%.c=$(B)/tests/%.o)
SAN_OBJ := $(USER_LIB_SRC:user/%.c=$(B)/san/%.o)

$(B)/san/%.o: user/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(SAN) -MMD -MP -c $< -o $@

# Criterion's macros declare functions without prototypes.
$(B)/tests/unit/%.o: tests/unit/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -I. -Itests $(ALL_CFLAGS) -Wno-missing-prototypes -Wno-strict-prototypes \
		$(SAN) -MMD -MP -c $< -o $@

$(B)/tests/unit-tests: $(UNIT_OBJ) $(SAN_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN) $^ -o $@ $(LDLIBS) -lcriterion

.PHONY: check-unit
check-unit: $(B)/tests/unit-tests
	$(B)/tests/unit-tests -j2

# Real sockets through network namespaces, in each XDP mode (root).
.PHONY: check-netns
check-netns: $(B)/sluice
	tests/netns/run.py

# Packet tests: the programs of build/skel run by BPF_PROG_TEST_RUN in network namespaces of the
# test processes (root). The plain build: what runs is in the kernel.
PACKET_SRC := $(wildcard tests/packet/*.c tests/support/*.c)
PACKET_OBJ := $(PACKET_SRC:tests/%.c=$(B)/tests/%.o)

$(B)/tests/packet/%.o $(B)/tests/support/%.o: CPPFLAGS += -I. -Itests

$(B)/tests/packet/%.o: tests/packet/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -Wno-missing-prototypes -Wno-strict-prototypes -MMD -MP -c $< -o $@

$(B)/tests/support/%.o: tests/support/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -Wno-missing-prototypes -Wno-strict-prototypes -MMD -MP -c $< -o $@

$(B)/tests/packet-tests: $(PACKET_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS) -lcriterion

.PHONY: check-packet
check-packet: $(B)/tests/packet-tests
	$(B)/tests/packet-tests -j2

# The programs against an independent model, on random configurations and packets (root); see
# tests/model/model_test.c for seeds and longer runs.
MODEL_OBJ := $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/model/*.c tests/support/*.c)) \
	$(USER_LIB_SRC:user/%.c=$(B)/user/%.o)

$(B)/tests/model/%.o: CPPFLAGS += -I. -Itests

$(B)/tests/model/%.o: tests/model/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -Wno-missing-prototypes -Wno-strict-prototypes -MMD -MP -c $< -o $@

$(B)/tests/model-tests: $(MODEL_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS) -lcriterion

.PHONY: check-model
check-model: $(B)/tests/model-tests
	$(B)/tests/model-tests -j2

# Parts of tests/support that unit tests use too, with sanitizers.
SUPPORT_SAN := $(patsubst %,$(B)/san/tests/support/%.o,frame parse_check quote_check)

$(B)/san/tests/support/%.o: tests/support/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -I. -Itests $(ALL_CFLAGS) $(SAN) -MMD -MP -c $< -o $@

$(B)/tests/unit-tests: $(SUPPORT_SAN)

# The command line, without root and without anything attached.
.PHONY: check-cli
check-cli: $(B)/sluice
	python3 -B -m unittest discover -s tests/cli

.PHONY: check
check: check-unit check-cli check-packet check-model check-netns check-fuzz
