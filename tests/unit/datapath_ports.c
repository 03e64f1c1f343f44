/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "datapath/ports.h"

static void expect(struct port_range node_ports, struct port_range ephemeral, unsigned int min,
		   unsigned int max)
{
	struct port_range got = { 0 };
	struct err e = { 0 };

	cr_expect_eq(ports_choose(node_ports, ephemeral, &got, &e), 0, "%s", e.text);
	cr_expect_eq(got.min, min);
	cr_expect_eq(got.max, max);
}

Test(datapath_ports, linux_and_kubernetes_defaults_leave_the_low_ports)
{
	expect((struct port_range){ 30000, 32767 }, (struct port_range){ 32768, 60999 },
	       1024, 29999);
}

Test(datapath_ports, order_of_the_ranges_does_not_matter)
{
	expect((struct port_range){ 32768, 60999 }, (struct port_range){ 30000, 32767 },
	       1024, 29999);
}

Test(datapath_ports, the_gap_between_is_used_if_it_is_the_largest)
{
	expect((struct port_range){ 1024, 3000 }, (struct port_range){ 50000, 65535 },
	       3001, 49999);
}

Test(datapath_ports, the_top_is_used_if_it_is_the_largest)
{
	expect((struct port_range){ 2000, 2767 }, (struct port_range){ 2768, 40000 },
	       40001, 65535);
}

Test(datapath_ports, overlapping_and_nested_ranges_are_avoided_whole)
{
	expect((struct port_range){ 10000, 40000 }, (struct port_range){ 20000, 30000 },
	       40001, 65535);
	expect((struct port_range){ 10000, 40000 }, (struct port_range){ 30000, 60000 },
	       1024, 9999);
}

Test(datapath_ports, privileged_ports_are_never_taken)
{
	expect((struct port_range){ 1, 10 }, (struct port_range){ 60000, 61000 }, 1024, 59999);
	expect((struct port_range){ 1, 10 }, (struct port_range){ 20, 30 }, 1024, 65535);
}

Test(datapath_ports, ranges_up_to_the_end_do_not_wrap)
{
	expect((struct port_range){ 30000, 32767 }, (struct port_range){ 32768, 65535 },
	       1024, 29999);
}

Test(datapath_ports, exactly_enough_is_enough)
{
	expect((struct port_range){ 2048, 30000 }, (struct port_range){ 30001, 65535 },
	       1024, 2047);
}

Test(datapath_ports, too_few_is_an_error_that_names_what_to_change)
{
	struct port_range got = { 1, 2 };
	struct err e = { 0 };

	cr_assert_eq(ports_choose((struct port_range){ 2047, 30000 },
				  (struct port_range){ 30001, 65535 }, &got, &e), -ERANGE);
	cr_assert_neq(strstr(e.text, "ip_local_port_range"), NULL);
	cr_assert_neq(strstr(e.text, "2047-30000"), NULL);
	cr_assert_eq(got.min, 1);
}
