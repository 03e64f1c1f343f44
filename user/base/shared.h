/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A text with many owners: each object of a file knows the file's name, and there is one of it.
 * Not for several threads.
 */
#pragma once

#include "base/own.h"

/* A copy of @text with one owner; NULL when out of memory. */
char *shared_new(const char *text);

/* One more owner of what shared_new() returned; NULL stays NULL. */
char *shared_use(char *text);

/* One less; the last one frees it. */
void shared_free(char *text);
DEFINE_OWN(char, shared_free)
