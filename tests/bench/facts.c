/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/objects.h"

#define LOG_STATS 4		/* log_level: only the summary */
#define LOG_SIZE 65536

static json_t *fact_print(const struct bpf_program *prog, char *log)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	char *stack = strstr(log, "stack depth ");

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return NULL;
	stack = stack ? stack + strlen("stack depth ") : "";
	stack[strcspn(stack, "\n")] = 0;
	printf("%-20s %9u %9u %9u   %s\n", bpf_program__name(prog), info.verified_insns,
	       info.xlated_prog_len, info.jited_prog_len, stack);
	return json_pack("{s:s,s:i,s:i,s:i,s:s}", "name", bpf_program__name(prog),
			 "verifiedInsns", (int)info.verified_insns, "xlatedBytes",
			 (int)info.xlated_prog_len, "jitedBytes", (int)info.jited_prog_len,
			 "stack", stack);
}

static int object_facts(struct bpf_object *obj, json_t *to)
{
	struct bpf_program *prog;
	int r;

	bpf_object__for_each_program(prog, obj) {
		bpf_program__set_log_level(prog, LOG_STATS);
		bpf_program__set_log_buf(prog, calloc(1, LOG_SIZE), LOG_SIZE);
	}
	r = bpf_object__load(obj);
	bpf_object__for_each_program(prog, obj) {
		size_t size;
		char *log = (char *)bpf_program__log_buf(prog, &size);

		if (!r)
			json_array_append_new(to, fact_print(prog, log));
		free(log);
	}
	return r;
}

json_t *facts_print(void)
{
	struct sluice_xdp *xdp = sluice_xdp__open();
	struct sluice_tc *tc = sluice_tc__open();
	json_t *all = json_array();
	int r;

	printf("%-20s %9s %9s %9s   %s\n", "program", "verified", "xlated B", "jited B",
	       "stack, main + subprograms");
	r = object_facts(xdp->obj, all);
	r = r ? r : object_facts(tc->obj, all);
	sluice_xdp__destroy(xdp);
	sluice_tc__destroy(tc);
	if (!r)
		return all;
	json_decref(all);
	return NULL;
}
