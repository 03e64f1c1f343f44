# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# One Makefile, output below build/. The usual targets:
#	make            build/sluice
#	make check      every test that runs here (packet and namespace tests need root)
#	make bench      benchmarks (root); see tests/bench.mk
#	make install    DESTDIR and PREFIX are honoured
#	make clean
# V=1 shows the commands.

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool 2>/dev/null || echo /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config

B := build
V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2);
else
say =
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter -Werror
LIBS := libbpf libelf zlib yaml-0.1 sqlite3 libmnl jansson smartcols

CPPFLAGS += -D_GNU_SOURCE -Iuser -Iinclude -I$(B)/skel
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 $(WARN) $(CFLAGS) $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LDLIBS = $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)

# -mcpu=v3: 32-bit atomics that return a value, from clang 14 and Linux 5.12 on.
BPF_CFLAGS := -g -O2 -mcpu=v3 -target bpf -std=gnu17 -Wall -Wextra -Wshadow -Wno-unused-parameter -Werror \
	-Ivmlinux -Iinclude -I.

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all check bench install clean
all: $(B)/sluice

# --- programs -------------------------------------------------------------------

BPF_OBJ := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
SKEL := $(patsubst $(B)/bpf/%.bpf.o,$(B)/skel/%.skel.h,$(BPF_OBJ))

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c $< -o $@

$(B)/skel/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name sluice_$* > $@

# --- the command ----------------------------------------------------------------

USER_SRC := $(wildcard user/*.c user/*/*.c)
USER_OBJ := $(USER_SRC:user/%.c=$(B)/user/%.o)
# Everything but main(), for the tests.
USER_LIB_SRC := $(filter-out user/main.c,$(USER_SRC))

$(B)/user/%.o: user/%.c | $(SKEL)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

$(B)/sluice: $(USER_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ $(LDLIBS)

include $(wildcard tests/*.mk)

install: $(B)/sluice
	install -D -m 0755 $(B)/sluice $(DESTDIR)$(PREFIX)/sbin/sluice
	install -D -m 0644 sluice.8 $(DESTDIR)$(PREFIX)/share/man/man8/sluice.8

clean:
	rm -rf $(B)

-include $(wildcard $(B)/*.d $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)
