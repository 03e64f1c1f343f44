/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where an instance lives in the BPF filesystem:
 *	BPFFS/sluice/INSTANCE/v<SLUICE_ABI>/maps/NAME
 *	BPFFS/sluice/INSTANCE/v<SLUICE_ABI>/links/DEVICE/...	(see links.h)
 * A tree is made as v<ABI>-new and renamed when it is whole, and renamed to v<ABI>-old before
 * it is taken down: so a tree with the real name is complete, and what a killed command left
 * is recognized by its name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/instance.h"

/* A name of 32 bytes, each of them escaped, and its 0. */
#define PIN_NAME_MAX (3 * INSTANCE_MAX + 1)
#define PIN_PATH_MAX 384

struct pins {
	char top[PIN_PATH_MAX];		/* BPFFS/sluice */
	char instance[PIN_PATH_MAX];	/* BPFFS/sluice/INSTANCE */
	char tree[PIN_PATH_MAX];	/* .../v2 */
	char fresh[PIN_PATH_MAX];	/* .../v2-new: being made */
	char old[PIN_PATH_MAX];		/* .../v2-old: being removed */
	char maps[PIN_PATH_MAX];	/* .../v2/maps */
	char links[PIN_PATH_MAX];	/* .../v2/links */
};

/* bpffs refuses '.' in names; it and all else that is unusual becomes %xx. -ENAMETOOLONG. */
int pin_name_encode(const char *text, char ret[static PIN_NAME_MAX]);

/* -EINVAL for what pin_name_encode() does not write, -ENAMETOOLONG. */
int pin_name_decode(const char *name, char *ret, size_t size);

/* "dir/name" into @ret: 0 or -ENAMETOOLONG. */
int pin_path(char ret[static PIN_PATH_MAX], const char *dir, const char *name);

/* Fills the paths below @bpffs: what pins_find() does without looking for it. */
int pins_init(struct pins *p, const char *bpffs, const char *instance, struct err *reterr);

/*
 * Finds the BPF filesystem. With @mount mounts one at /sys/fs/bpf if there is none and /sys is
 * not a private one. -ENOENT if there is none.
 */
int pins_find(struct pins *p, const char *instance, bool mount, struct err *reterr);

/*
 * The same instance, as another version of sluice pins it: its maps may be anything, its links are
 * ours to take off.
 */
int pins_set_abi(struct pins *p, int abi, struct err *reterr);

/* Whether a complete tree is there. */
bool pins_exist(const struct pins *p);

/* The version of a complete tree beside that of @p, 0 if there is none. */
int pins_other_abi(const struct pins *p);

/* Makes one directory; one that exists is fine. */
int pins_mkdir(const char *path, struct err *reterr);

/*
 * Removes a path with everything below it; links are detached first, so that their programs
 * are off the device when this returns. What is not there is fine.
 */
int pins_remove(const char *path, struct err *reterr);

/* Removes what killed commands left and trees of other versions; needs the instance lock. */
int pins_sweep(const struct pins *p, struct err *reterr);

/* Removes the directories above the trees if nothing is in them. */
void pins_prune(const struct pins *p);
