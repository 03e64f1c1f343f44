/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects of `-f FILE,FILE -f DIR -f -`.
 */
#pragma once

#include "base/faults.h"
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
	{ .name = "strict", .help = "an unknown field, or an object of an unknown kind, is an error", \
	  OPTION_FLAG(type_, field) }

/* Whether one of them is a directory, which stands for all that is wanted. */
bool files_have_directory(const option_list *files);

struct files_want {
	const option_list *files;
	const char *namespace;		/* as -n gave it, or NULL */
	bool strict;
	bool check_fields;		/* unknown ones are told, as warnings or, if strict, faults */
};

/*
 * Reads them in order. Warnings go to standard error; what is wrong with the files goes to
 * @faults, and objects that it concerns are there, broken. No object at all is an error.
 */
int files_read(const struct files_want *want, struct faults *faults, object_vec *ret,
	       struct err *reterr);

/* The same, and anything wrong is an error. */
int files_load(const struct files_want *want, object_vec *ret, struct err *reterr);
