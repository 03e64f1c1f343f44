/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <bpf/libbpf.h>

#include "datapath/log.h"
#include "datapath/note.h"

static const char refused[] =
	"libbpf: prog 'sluice_xdp': BPF program load failed: Permission denied\n"
	"libbpf: prog 'sluice_xdp': -- BEGIN PROG LOAD LOG --\n"
	"12: (61) r1 = *(u32 *)(r6 +0)\n"
	"13: (71) r2 = *(u8 *)(r1 +14)\n"
	"invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0)\n"
	"R1 offset is outside of the packet\n"
	"processed 14 insns (limit 1000000) max_states_per_insn 0\n"
	"-- END PROG LOAD LOG --\n"
	"libbpf: failed to load object 'sluice_xdp'\n";

Test(datapath_log, verifiers_last_words_are_the_reason)
{
	char why[256];

	log_reason(refused, why, sizeof(why));
	cr_assert_str_eq(why, "13: (71) r2 = *(u8 *)(r1 +14) | "
			 "invalid access to packet, off=14 size=1, R1(id=0,off=14,r=0) | "
			 "R1 offset is outside of the packet");
}

Test(datapath_log, without_a_verifier_log_libbpf_is_the_reason)
{
	char why[256];

	log_reason("libbpf: Error in bpf_create_map_xattr(m):Operation not permitted(-1)\n", why,
		   sizeof(why));
	cr_assert_str_eq(why, "libbpf: Error in bpf_create_map_xattr(m):Operation not "
			 "permitted(-1)");
}

Test(datapath_log, nothing_said_is_no_reason)
{
	char why[16] = "x";

	log_reason("", why, sizeof(why));
	cr_assert_str_eq(why, "");
}

Test(datapath_log, a_small_buffer_is_not_overrun)
{
	char why[8];

	log_reason(refused, why, sizeof(why));
	cr_assert_eq(strlen(why), sizeof(why) - 1);
}

Test(datapath_log, kernels_words_are_found_behind_libbpfs)
{
	char words[64];

	log_kernel_message("libbpf: Kernel error message: first\n"
			   "libbpf: Kernel error message: MTU too large\nmore\n",
			   words, sizeof(words));
	cr_assert_str_eq(words, "MTU too large");
	log_kernel_message("nothing\n", words, sizeof(words));
	cr_assert_str_eq(words, "");
}

Test(datapath_note, remarks_are_joined_and_cut)
{
	struct note n = { 0 };

	note_add(&n, "%s", "one");
	note_add(&n, "%d", 2);
	cr_assert_str_eq(n.text, "one; 2");
	for (int i = 0; i < 500; i++)
		note_add(&n, "three");
	cr_assert_lt(strlen(n.text), sizeof(n.text));
}
