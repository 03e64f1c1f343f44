/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects of `-f FILE,FILE -f DIR -f -`.
 */
#pragma once

#include "cli/option.h"
#include "model/object.h"

#define FILES_ROW(type_, field)                                                    \
	{ .letter = 'f', .name = "filename", .arg = "FILE",                        \
	  .help = "file, directory of *.yaml, *.yml and *.json, or - for standard input; " \
		  "repeatable, or with commas",                                    \
	  OPTION_LIST(type_, field) }

#define FILES_NAMESPACE_ROW(type_, field)                                          \
	{ .letter = 'n', .name = "namespace", .arg = "NS",                         \
	  .help = "for objects that name none (default \"default\")",              \
	  OPTION_TEXT(type_, field) }

#define FILES_STRICT_ROW(type_, field)                                             \
	{ .name = "strict", .help = "an object of an unknown kind is an error, not a warning", \
	  OPTION_FLAG(type_, field) }

/* Whether one of them is a directory, which stands for all that is wanted. */
bool files_have_directory(const option_list *files);

/*
 * Reads them in order; @ns as -n gave it or NULL. Warnings go to standard error. No object at
 * all is an error.
 */
int files_load(const option_list *files, const char *ns, bool strict, object_vec *ret,
	       struct err *reterr);
