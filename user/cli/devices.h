/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Devices of this network namespace, by name and pattern.
 */
#pragma once

#include "base/err.h"
#include "base/own.h"
#include "model/object.h"

DEFINE_OWN_DONE(text_vec, texts_done)

/*
 * Appends the names that @pattern stands for, each once: itself if it has no wildcards, else
 * the devices that match, sorted, without lo and without those in @except. -ENODEV if there
 * is no such device; -ENOENT if none matches, which need not be a mistake.
 */
int devices_match(const char *pattern, const text_vec *except, text_vec *ret, struct err *reterr);
