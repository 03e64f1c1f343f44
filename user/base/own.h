/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ownership as syntax: `own(thing_free) struct thing *t = NULL;` frees at the end of
 * the scope; TAKE(t) hands it to somebody else. Destructors accept NULL.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define own(free_fn) __attribute__((__cleanup__(free_fn##_at)))

#define DEFINE_OWN(type, free_fn)                                                  \
	static inline void free_fn##_at(type **at)                                 \
	{                                                                          \
		free_fn(*at);                                                      \
	}

/* For a struct in the caller's storage: `own(x_done) struct x x = { 0 };` */
#define DEFINE_OWN_DONE(type, done_fn)                                             \
	static inline void done_fn##_at(type *at)                                  \
	{                                                                          \
		done_fn(at);                                                       \
	}

#define TAKE(ptr)                                                                  \
	({                                                                         \
		__typeof__(ptr) taken_ = (ptr);                                    \
		(ptr) = NULL;                                                      \
		taken_;                                                            \
	})

/* own(free) char *s; own(fd_close) int fd = -1; own(file_close) FILE *f; */
static inline void free_at(void *at)
{
	free(*(void **)at);
}

static inline void fd_close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void file_close_at(FILE **f)
{
	if (*f)
		fclose(*f);
}
