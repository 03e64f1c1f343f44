/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is wrong with the files that a person gave, whoever finds it and whenever: as much of it as
 * one can read, in the order of the files and of their lines.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/own.h"

#define FAULTS_KEPT 20

struct fault {
	unsigned int source;	/* the file's number among those that were read together */
	unsigned int line;
	char *text;		/* "file:line: ..."; further lines of it begin with "* " */
};

/* Zeroed, there is none. */
struct faults {
	size_t n;		/* all of them, */
	size_t kept;		/* and those that are kept: the first ones, in order */
	struct fault at[FAULTS_KEPT];
	unsigned int sources;	/* so many files were read */
};

void faults_done(struct faults *f);
DEFINE_OWN_DONE(struct faults, faults_done)

/* A deep copy that overwrites *@to. 0 or -ENOMEM, then there is none in it. */
int faults_copy(struct faults *to, const struct faults *from);

/* Whether one there would be kept; if not, faults_add() needs no text. */
bool faults_keeps(const struct faults *f, unsigned int source, unsigned int line);

/* Of one line they stay in the order in which they come. 0 or -ENOMEM. */
int faults_add(struct faults *f, unsigned int source, unsigned int line, const char *text);

/* Of a file that cannot be read at all, which comes behind those that were. 0 or -ENOMEM. */
int faults_add_file(struct faults *f, const char *text);

/* One that is not told, whatever room there is. */
void faults_count(struct faults *f);

/* 0 if there was none, else -EINVAL and the texts, with "and N more" below if some are left out. */
int faults_end(const struct faults *f, struct err *reterr);
