/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects of `-f FILE -f DIR -f -`.
 */
#pragma once

#include "cli/option.h"
#include "model/object.h"

#define FILES_HELP "file, directory of *.yaml, *.yml and *.json, or - for standard input"

/*
 * Reads them in order; @ns as -n gave it or NULL. Warnings go to standard error. No object at
 * all is an error.
 */
int files_load(const option_list *files, const char *ns, bool strict, object_vec *ret,
	       struct err *reterr);
