/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Waiting for others to change what is stored. Also where there is no state yet, or where it
 * is taken away and made again.
 */
#pragma once

#include "store/store.h"

struct store_watch;

/* *@ret is the caller's. Whoever loads afterwards misses no change. */
int store_watch_open(const char *instance, struct store_watch **ret, struct err *reterr);
void store_watch_close(struct store_watch *w);
DEFINE_OWN(struct store_watch, store_watch_close)

/*
 * Sleeps until the files of the store were written, which need not mean a change, or until
 * nobody reads the pipe or socket @out any more: then -EPIPE, without a text.
 */
int store_watch_wait(struct store_watch *w, int out, struct err *reterr);
