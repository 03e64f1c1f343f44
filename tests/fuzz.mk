# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# libFuzzer programs: tests/fuzz/NAME_fuzz.c becomes build/fuzz/NAME. They need clang and its
# runtime libraries.
#	make check-fuzz [FUZZ_SECONDS=10]	each for so long; what it finds new is kept as a
#						corpus, an input that fails as build/fuzz/NAME-*
#	make fuzz [FUZZ_SECONDS=1800]		the same for half an hour
# And tests/model (root), new cases for so long: what fails is printed as a test.

FUZZ_SECONDS ?= 10
FUZZ := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_FLAGS := -g -O1 -std=gnu17 -fno-sanitize-recover=all -Wall -Wextra -Wshadow -Wno-unused-parameter -Werror

$(B)/fuzz/obj/%.o: %.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) -I. -Itests $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP \
		-c $< -o $@

fuzz_objs = $(patsubst %.c,$(B)/fuzz/obj/%.o,$(1))

$(B)/fuzz/manifest: $(call fuzz_objs,$(wildcard user/base/*.c user/model/*.c user/manifest/*.c))
$(B)/fuzz/plan: $(call fuzz_objs,$(wildcard user/base/*.c user/model/*.c user/manifest/*.c \
	user/cluster/*.c user/plan/*.c))
$(B)/fuzz/parse: $(call fuzz_objs,tests/support/parse_check.c)
$(B)/fuzz/quote: $(call fuzz_objs,tests/support/quote_check.c tests/support/frame.c)

$(FUZZ:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%_fuzz.o
	$(call say,LINK,$@)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined $^ -o $@ $(LDLIBS)

.PHONY: fuzz
fuzz:
	$(MAKE) check-fuzz FUZZ_SECONDS=$(if $(filter command line,$(origin FUZZ_SECONDS)),$(FUZZ_SECONDS),1800)

.PHONY: check-fuzz $(FUZZ:%=fuzz-%)
check-fuzz: $(FUZZ:%=fuzz-%) fuzz-model

.PHONY: fuzz-model
fuzz-model: $(B)/tests/model-tests
	SLUICE_MODEL_SECONDS=$(FUZZ_SECONDS) $(B)/tests/model-tests --filter model/part_0

fuzz-manifest: FUZZ_SEEDS := tests/manifests examples
fuzz-manifest: FUZZ_ARGS := -max_len=4096 -dict=tests/fuzz/manifest.dict
fuzz-plan: FUZZ_SEEDS := tests/manifests examples tests/fuzz/plan
fuzz-plan: FUZZ_ARGS := -max_len=4096 -dict=tests/fuzz/manifest.dict -timeout=20
fuzz-parse: FUZZ_ARGS := -max_len=512
fuzz-quote: FUZZ_ARGS := -max_len=530

$(FUZZ:%=fuzz-%): fuzz-%: $(B)/fuzz/%
	@mkdir -p $(B)/fuzz/corpus/$*
	$(B)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/fuzz/$*- $(FUZZ_ARGS) \
		$(B)/fuzz/corpus/$* $(FUZZ_SEEDS)

-include $(shell find $(B)/fuzz/obj -name '*.d' 2>/dev/null)
