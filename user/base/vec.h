/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Growing arrays, typed where they are declared:
 *	struct { struct port *at; size_t n, cap; } ports;   or   VEC(struct port) ports;
 * A zeroed vec is empty. The elements' own memory is the user's affair.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                  \
	struct {                                                                   \
		type *at;                                                          \
		size_t n;                                                          \
		size_t cap;                                                        \
	}

/* 0 or -ENOMEM; on failure nothing changed. Use the macros below. */
int vec_grow(void **at, size_t *cap, size_t need, size_t size);

/* Room for @more further elements: 0 or -ENOMEM. */
#define vec_reserve(v, more)                                                       \
	((v)->cap - (v)->n >= (more) ? 0 :                                         \
	 vec_grow((void **)&(v)->at, &(v)->cap, (v)->n + (more), sizeof(*(v)->at)))

/* Appends a copy of the element: 0 or -ENOMEM. */
#define vec_push(v, ...)                                                           \
	({                                                                         \
		int grown_ = vec_reserve((v), 1);                                  \
		if (!grown_)                                                       \
			(v)->at[(v)->n++] = (__VA_ARGS__);                         \
		grown_;                                                            \
	})

/* Frees the array, not what its elements own. */
#define vec_done(v)                                                                \
	do {                                                                       \
		free((v)->at);                                                     \
		(v)->at = NULL;                                                    \
		(v)->n = (v)->cap = 0;                                             \
	} while (0)

/* Walks the elements: vec_each(p, &ports) { use p->...; } */
#define vec_each(it, v)                                                            \
	for (__typeof__(*(v)->at) *it = (v)->at; it && it < (v)->at + (v)->n; it++)
