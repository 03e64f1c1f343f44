/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The BPF filesystem of this host. `ip netns exec` gives its command a fresh /sys, on which
 * /sys/fs/bpf is an empty directory; the host's is then reached through the root directory of
 * a process outside: pid 1, or whoever called `ip`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The path, without a slash at the end. With @mount, mounts it where it is missing, but never
 * on a /sys that only this command sees. -ENOENT if there is none.
 */
int bpffs_find(char *ret, size_t size, bool mount, struct err *reterr);
