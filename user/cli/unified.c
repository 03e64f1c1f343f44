/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The texts are handed over in memory: no files that a kill could leave behind. */
#include "cli/unified.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/own.h"

#define LABEL_BYTES 512

extern char **environ;

/* *@ret: open in children, too. */
static int text_file(const char *text, int *ret, struct err *reterr)
{
	own(fd_close) int fd = memfd_create("sluice-diff", 0);
	size_t len = strlen(text);

	for (ssize_t n; fd >= 0 && len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0)
			return err_sys(reterr, errno, "cannot hand a text to diff");
	}
	if (fd < 0)
		return err_sys(reterr, errno, "cannot hand a text to diff");
	*ret = fd;
	fd = -1;
	return 0;
}

/* *@ret_status is its exit status. */
static int diff_run(char *const argv[], int *ret_status, struct err *reterr)
{
	int status, code;
	pid_t pid;

	fflush(stdout);
	code = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (code == ENOENT)
		return err_set(reterr, code, "there is no diff command: install diffutils");
	if (code)
		return err_sys(reterr, code, "cannot run diff");
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(reterr, errno, "cannot wait for diff");
	}
	if (!WIFEXITED(status))
		return err_set(reterr, EIO, "diff was ended by a signal");
	*ret_status = WEXITSTATUS(status);
	return 0;
}

/* "1,20", "1" or "0,0": the place of all the lines of a text. */
static void print_range(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	if (n == 1)
		fputs("1", stdout);
	else
		printf("%d,%zu", n > 0, n);
}

static void print_lines(char sign, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n") + 1;

		printf("%c%.*s", sign, (int)len, text);
		text += len;
	}
}

/* One of the texts is empty: no work for diff, and there may be thousands of them. */
static void print_whole(const char *name, const char *live, const char *merged)
{
	printf("--- LIVE/%s\n+++ MERGED/%s\n@@ -", name, name);
	print_range(live);
	fputs(" +", stdout);
	print_range(merged);
	fputs(" @@\n", stdout);
	print_lines('-', live);
	print_lines('+', merged);
}

int unified_diff(const char *name, const char *live, const char *merged, bool *ret_differs,
		 struct err *reterr)
{
	char labels[2][LABEL_BYTES], paths[2][32];
	char *argv[] = { "diff", "-u", "-N", "--label", labels[0], "--label", labels[1],
			 paths[0], paths[1], NULL };
	own(fd_close) int a = -1;
	own(fd_close) int b = -1;
	int r, status = 0;

	if (!strcmp(live, merged))
		return 0;
	if (!*live || !*merged) {
		print_whole(name, live, merged);
		*ret_differs = true;
		return 0;
	}
	r = text_file(live, &a, reterr);
	if (!r)
		r = text_file(merged, &b, reterr);
	if (r)
		return r;

	snprintf(labels[0], LABEL_BYTES, "LIVE/%s", name);
	snprintf(labels[1], LABEL_BYTES, "MERGED/%s", name);
	snprintf(paths[0], sizeof(paths[0]), "/dev/fd/%d", a);
	snprintf(paths[1], sizeof(paths[1]), "/dev/fd/%d", b);
	r = diff_run(argv, &status, reterr);
	if (r)
		return r;
	if (status > 1)
		return err_set(reterr, EIO, "diff failed");
	*ret_differs |= status == 1;
	return 0;
}
