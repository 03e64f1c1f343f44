/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datapath/linkdir.h"
#include "datapath/pins.h"
#include "sluice/types.h"

static const char *encoded(const char *text)
{
	static char name[PIN_NAME_MAX];

	cr_assert_eq(pin_name_encode(text, name), 0);
	return name;
}

static int decode(const char *name)
{
	char text[64];

	return pin_name_decode(name, text, sizeof(text));
}

Test(datapath_pins, plain_names_stay)
{
	cr_assert_str_eq(encoded("veth-a_B9"), "veth-a_B9");
}

Test(datapath_pins, dots_which_bpffs_refuses_are_escaped)
{
	cr_assert_str_eq(encoded("eth0.100"), "eth0%2e100");
	cr_assert_str_eq(encoded("a%2e"), "a%252e");
}

Test(datapath_pins, every_byte_survives)
{
	char text[2] = { 0 };

	for (int c = 1; c < 256; c++) {
		char back[8];

		text[0] = (char)c;
		cr_assert_eq(pin_name_decode(encoded(text), back, sizeof(back)), 0);
		cr_assert_str_eq(back, text);
	}
}

Test(datapath_pins, the_longest_instance_of_escapes_fits)
{
	char text[INSTANCE_MAX + 2];

	memset(text, '.', sizeof(text));
	text[INSTANCE_MAX] = '\0';
	cr_assert_eq(strlen(encoded(text)), 3 * INSTANCE_MAX);
	text[INSTANCE_MAX] = '.';
	text[INSTANCE_MAX + 1] = '\0';
	char name[PIN_NAME_MAX];

	cr_assert_eq(pin_name_encode(text, name), -ENAMETOOLONG);
}

Test(datapath_pins, what_encoding_never_writes_is_refused)
{
	cr_assert_eq(decode("a.b"), -EINVAL);
	cr_assert_eq(decode("a%"), -EINVAL);
	cr_assert_eq(decode("a%2"), -EINVAL);
	cr_assert_eq(decode("a%zz"), -EINVAL);
	cr_assert_eq(decode("a%00b"), -EINVAL);
}

Test(datapath_pins, decoding_stays_within_the_buffer)
{
	char small[4];

	cr_assert_eq(pin_name_decode("abc", small, sizeof(small)), 0);
	cr_assert_eq(pin_name_decode("abcd", small, sizeof(small)), -ENAMETOOLONG);
}

Test(datapath_pins, instance_names_are_checked)
{
	cr_assert(instance_is_valid("default"));
	cr_assert(instance_is_valid("0.a_b-c"));
	cr_assert(instance_is_valid("abcdefghijklmnopqrstuvwxyz012345"));
	cr_assert_not(instance_is_valid("abcdefghijklmnopqrstuvwxyz0123456"));
	cr_assert_not(instance_is_valid(""));
	cr_assert_not(instance_is_valid(".."));
	cr_assert_not(instance_is_valid("-a"));
	cr_assert_not(instance_is_valid("a/b"));
	cr_assert_not(instance_is_valid("a b"));
}

Test(datapath_pins, paths_hang_below_the_instance)
{
	struct pins p;
	struct err e = { 0 };

	cr_assert_eq(pins_init(&p, "/sys/fs/bpf", "n.1", &e), 0);
	cr_assert_str_eq(p.instance, "/sys/fs/bpf/sluice/n%2e1");
	cr_assert_str_eq(p.links, "/sys/fs/bpf/sluice/n%2e1/v2/links");
	cr_assert_str_eq(p.fresh, "/sys/fs/bpf/sluice/n%2e1/v2-new");
}

Test(datapath_pins, other_versions_have_paths_of_their_own)
{
	struct pins p;
	struct err e = { 0 };

	cr_assert_eq(pins_init(&p, "/sys/fs/bpf", "a", &e), 0);
	cr_assert_eq(pins_set_abi(&p, 17, &e), 0);
	cr_assert_str_eq(p.instance, "/sys/fs/bpf/sluice/a");
	cr_assert_str_eq(p.maps, "/sys/fs/bpf/sluice/a/v17/maps");
	cr_assert_str_eq(p.old, "/sys/fs/bpf/sluice/a/v17-old");
}

static void make(const struct pins *p, const char *name)
{
	char path[PIN_PATH_MAX];
	struct err e = { 0 };

	cr_assert_eq(pin_path(path, p->instance, name), 0);
	cr_assert_eq(pins_mkdir(path, &e), 0, "%s", e.text);
}

Test(datapath_pins, only_a_whole_tree_is_another_version)
{
	char dir[] = "/tmp/sluice-pins-XXXXXX";
	struct pins p;
	struct err e = { 0 };

	cr_assert(mkdtemp(dir));
	cr_assert_eq(pins_init(&p, dir, "a", &e), 0);
	cr_expect_eq(pins_other_abi(&p), 0);
	cr_assert_eq(pins_mkdir(p.top, &e) ?: pins_mkdir(p.instance, &e), 0);
	make(&p, strrchr(p.tree, '/') + 1);
	make(&p, "v17-new");
	make(&p, "v17-old");
	make(&p, "v");
	make(&p, "v-17");
	make(&p, "x17");
	cr_expect_eq(pins_other_abi(&p), 0);
	make(&p, "v17");
	cr_expect_eq(pins_other_abi(&p), 17);
	cr_assert_eq(pins_set_abi(&p, 17, &e), 0);
	cr_expect_eq(pins_other_abi(&p), SLUICE_ABI);
	cr_expect_eq(pins_remove(dir, &e), 0);
}

Test(datapath_pins, a_bad_instance_is_an_error_with_a_text)
{
	struct pins p;
	struct err e = { 0 };

	cr_assert_eq(pins_init(&p, "/sys/fs/bpf", "../x", &e), -EINVAL);
	cr_assert_neq(strstr(e.text, "../x"), NULL);
}

static int round_trip(const struct linkdir *d, char name[static PIN_NAME_MAX],
		      struct linkdir *ret)
{
	cr_assert_eq(linkdir_name_format(d, name), 0);
	return linkdir_name_parse(name, ret);
}

Test(datapath_linkdir, name_tells_role_namespace_index_and_device)
{
	const struct linkdir d = {
		.role = ROLE_WORKLOAD, .netns = 4026531840, .ifindex = 4711, .name = "veth-1.x",
	};
	char name[PIN_NAME_MAX];
	struct linkdir back;

	cr_assert_eq(round_trip(&d, name, &back), 0);
	cr_assert_str_eq(name, "workload-4026531840-4711-veth-1%2ex");
	cr_assert_eq(back.role, d.role);
	cr_assert_eq(back.netns, d.netns);
	cr_assert_eq(back.ifindex, d.ifindex);
	cr_assert_str_eq(back.name, d.name);
}

Test(datapath_linkdir, the_longest_name_round_trips)
{
	const struct linkdir d = {
		.role = ROLE_LOOPBACK, .netns = UINT64_MAX, .ifindex = 2147483647,
		.name = "...............",
	};
	char name[PIN_NAME_MAX];
	struct linkdir back;

	cr_assert_eq(round_trip(&d, name, &back), 0);
	cr_assert_eq(back.netns, UINT64_MAX);
	cr_assert_str_eq(back.name, d.name);
}

Test(datapath_linkdir, other_names_are_refused)
{
	static const char *const bad[] = {
		"", "uplink", "uplink-", "uplink-1", "uplink-1-", "uplink-1-2", "uplink-1-2-",
		"uplink-1-0-eth0", "uplink-1--1-eth0", "uplink-1-1x-eth0", "uplink-1-+1-eth0",
		"uplink-1-99999999999-eth0", "uplink-99999999999999999999-1-eth0",
		"uplink--1-eth0", "tap-1-1-eth0", "uplink-1-1-a.b",
		"uplink-1-1-sixteen-letters1",
	};
	struct linkdir d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(linkdir_name_parse(bad[i], &d), -EINVAL, "%s", bad[i]);
}
