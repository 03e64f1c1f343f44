/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/program.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "datapath/log.h"
#include "datapath/maps.h"

/* Before the skeletons, which use struct sluice_dev_config. */
#include "sluice/settings.h"
#include "sluice/tails.h"

#include "tc.skel.h"
#include "xdp.skel.h"

#define KERNEL_MIN_MAJOR 6
#define KERNEL_MIN_MINOR 1

/* Of a CONST: where it lies in .rodata; the object's own BTF tells. -ENOENT, -EINVAL. */
static int constant_offset(const struct bpf_object *obj, const char *name, size_t size)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
	const struct btf_type *sec;

	if (id < 0)
		return -ENOENT;
	sec = btf__type_by_id(btf, (uint32_t)id);
	for (int i = 0; i < btf_vlen(sec); i++) {
		const struct btf_var_secinfo *var = btf_var_secinfos(sec) + i;
		const struct btf_type *t = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, t->name_off), name) == 0)
			return var->size == size ? (int)var->offset : -EINVAL;
	}
	return -ENOENT;
}

static int constant_set(struct bpf_object *obj, const char *name, const void *value,
			size_t size, struct err *reterr)
{
	int off = constant_offset(obj, name, size);
	struct bpf_map *map;
	int r;

	if (off == -ENOENT)
		return 0;	/* a program that does not use it may have lost it */
	if (off < 0)
		return err_set(reterr, EINVAL, "constant %s has another size in the program", name);
	bpf_object__for_each_map(map, obj) {
		const char *section = strrchr(bpf_map__name(map), '.');
		size_t len = 0;
		const void *before;

		if (!bpf_map__is_internal(map) || !section || strcmp(section, ".rodata") != 0)
			continue;
		before = bpf_map__initial_value(map, &len);
		if (!before || (size_t)off + size > len)
			break;
		own(free) uint8_t *after = malloc(len);

		if (!after)
			return err_nomem(reterr);
		memcpy(after, before, len);
		memcpy(after + off, value, size);
		r = bpf_map__set_initial_value(map, after, len);
		return r < 0 ? err_sys(reterr, -r, "cannot set constant %s", name) : 0;
	}
	return err_set(reterr, EINVAL, "the program has no place for constant %s", name);
}

/* Jiffies a second: the coarse clocks tick once a jiffy. */
static int jiffies_per_sec(uint32_t *ret, struct err *reterr)
{
	struct timespec res;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &res) < 0)
		return err_sys(reterr, errno, "cannot read the resolution of the coarse clock");
	if (res.tv_sec || res.tv_nsec <= 0)
		return err_set(reterr, EINVAL, "the coarse clock has no usable resolution");
	*ret = (uint32_t)((1000000000l + res.tv_nsec / 2) / res.tv_nsec);
	return 0;
}

static int constants_set(struct bpf_object *obj, const struct program_request *req,
			 struct err *reterr)
{
	struct sluice_dev_config dev = { .ifindex = req->ifindex };
	uint32_t hz = 0;

	memcpy(dev.mac, req->mac, sizeof(dev.mac));
	return jiffies_per_sec(&hz, reterr)
	    ?: constant_set(obj, "sluice_hz", &hz, sizeof(hz), reterr)
	    ?: constant_set(obj, "sluice_dev", &dev, sizeof(dev), reterr);
}

static bool is_wanted(const struct program_request *req, const char *name)
{
	for (const char *const *p = req->programs; *p; p++)
		if (strcmp(*p, name) == 0)
			return true;
	return false;
}

static int programs_choose(struct bpf_object *obj, const struct program_request *req,
			   struct err *reterr)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		int r = bpf_program__set_autoload(prog, is_wanted(req, bpf_program__name(prog)));

		if (r == 0 && req->multi_buffer)
			r = bpf_program__set_flags(prog, bpf_program__flags(prog) |
						   BPF_F_XDP_HAS_FRAGS);
		if (r < 0)
			return err_sys(reterr, -r, "cannot choose program %s",
				       bpf_program__name(prog));
	}
	return 0;
}

static struct bpf_object *object_open(enum program_object which)
{
	size_t size = 0;
	const void *elf = which == PROGRAM_XDP ? sluice_xdp__elf_bytes(&size)
					       : sluice_tc__elf_bytes(&size);
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		    .object_name = which == PROGRAM_XDP ? "sluice_xdp" : "sluice_tc");

	return bpf_object__open_mem(elf, size, &opts);
}

static bool kernel_is_too_old(char *ret, size_t size)
{
	struct utsname u;
	int major = 0;
	int minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return false;
	snprintf(ret, size, "%d.%d", major, minor);
	return major < KERNEL_MIN_MAJOR ||
	       (major == KERNEL_MIN_MAJOR && minor < KERNEL_MIN_MINOR);
}

static int load_failed(int code, enum program_object which, struct err *reterr)
{
	const char *name = which == PROGRAM_XDP ? "xdp" : "tc";
	char release[32];
	char why[480];

	log_reason(log_text(), why, sizeof(why));
	if (kernel_is_too_old(release, sizeof(release)))
		return err_set(reterr, code,
			       "cannot load the %s programs: sluice needs Linux %d.%d or newer, "
			       "this is %s", name, KERNEL_MIN_MAJOR, KERNEL_MIN_MINOR, release);
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return err_set(reterr, code,
			       "cannot load the %s programs: this kernel has no type information "
			       "(CONFIG_DEBUG_INFO_BTF): %s", name, why);
	if (code == EPERM)
		return err_set(reterr, code,
			       "cannot load the %s programs: not permitted (CAP_BPF, CAP_PERFMON "
			       "and CAP_NET_ADMIN are needed)%s%s", name, *why ? ": " : "", why);
	if (code == ENOMEM)
		return err_set(reterr, code, "cannot load the %s programs: not enough memory for "
			       "the tables%s%s", name, *why ? ": " : "", why);
	return err_sys(reterr, code, "cannot load the %s programs: %s", name, why);
}

/* What the programs of tc tail-call, as far as it is in this load. */
static int tails_put(const struct bpf_object *obj, struct err *reterr)
{
	static const char *const names[] = { SLUICE_TAIL_NAMES };
	int tails = bpf_object__find_map_fd_by_name(obj, "sluice_tails");

	for (uint32_t i = 0; tails >= 0 && i < SLUICE_TAIL_COUNT; i++) {
		int fd = bpf_program__fd(bpf_object__find_program_by_name(obj, names[i]));

		if (fd >= 0 && bpf_map_update_elem(tails, &i, &fd, BPF_ANY) < 0)
			return err_sys(reterr, errno, "cannot put %s into sluice_tails", names[i]);
	}
	return 0;
}

int program_load(const struct program_request *req, struct bpf_object **ret, struct err *reterr)
{
	own(bpf_object__close) struct bpf_object *obj = NULL;
	int r;

	log_capture();
	obj = object_open(req->object);
	if (!obj)
		return load_failed(errno, req->object, reterr);
	r = programs_choose(obj, req, reterr)
	    ?: constants_set(obj, req, reterr)
	    ?: maps_size(obj, reterr);
	if (!r && req->maps)
		r = maps_reuse(obj, req->maps, reterr);
	if (r < 0)
		return r;
	r = bpf_object__load(obj);
	if (r < 0)
		return load_failed(-r, req->object, reterr);
	r = tails_put(obj, reterr);
	if (r < 0)
		return r;
	*ret = TAKE(obj);
	return 0;
}

int program_fd(const struct bpf_object *obj, const char *name, struct err *reterr)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);
	int fd = prog ? bpf_program__fd(prog) : -ENOENT;

	return fd >= 0 ? fd : err_set(reterr, ENOENT, "there is no program %s", name);
}

/* A tc program runs on a packet; the smallest one that is taken will do. */
int program_run(const struct bpf_object *obj, const char *name, uint32_t *ret_value,
		struct err *reterr)
{
	uint8_t packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet));
	int fd = program_fd(obj, name, reterr);
	int r;

	if (fd < 0)
		return fd;
	r = bpf_prog_test_run_opts(fd, &opts);
	if (r < 0)
		return err_sys(reterr, -r, "cannot run program %s", name);
	*ret_value = opts.retval;
	return 0;
}
