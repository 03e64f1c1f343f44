/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tree → struct, by shape. A function returns 0, or -EINVAL for a value that is wrong: that has been
 * noted in the decoder's faults as "file:line: path: why", and the value is as if it was absent.
 * Maps and lists go on with what follows and return 0, so whether all was well is for the count
 * of what was wrong to say. Any other -errno ends it and is in the decoder's err.
 */
#pragma once

#include "base/faults.h"
#include "manifest/shape.h"

struct decoder {
	const char *file;
	unsigned int source;	/* its number in the faults */
	struct faults *faults;
	size_t n_wrong;		/* of the faults, by this decoder */
	struct faults *unknown;	/* where fields that are not known are told; NULL: nowhere */
	size_t n_unknown;	/* of those, by this decoder */
	struct err *err;
	char path[256];		/* the field being decoded: "spec.ports[0].port" */
	size_t path_len;
};

/* A map into the zeroed struct at @at. */
int decode_shape(struct decoder *d, const struct shape *s, const struct doc_node *n, void *at);

/* Lists append. */
int decode_list(struct decoder *d, const struct shape *s, const struct doc_node *n, void *vec);
int decode_names(struct decoder *d, const char *sub, const struct doc_node *n, text_vec *ret);
int decode_texts(struct decoder *d, const struct doc_node *n, text_vec *ret);
int decode_labels(struct decoder *d, const struct doc_node *n, label_vec *ret);

int decode_text(struct decoder *d, const struct doc_node *n, char **ret);
int decode_bool(struct decoder *d, const struct doc_node *n, bool *ret);
int decode_choice(struct decoder *d, const struct doc_node *n, const struct choice *choices,
		  unsigned int *ret);
int decode_port(struct decoder *d, const struct doc_node *n, uint16_t *ret);

/* The text of a string; the node keeps it. */
int decode_borrow(struct decoder *d, const struct doc_node *n, const char **ret);

/*
 * Tells the decoder's `unknown' of the keys of @map, where the decoder is, that @s does not have:
 * the first few of an object, the others are counted. A @map that is none is nothing. Who decodes
 * a map by hand calls it. 0 or -ENOMEM.
 */
int decode_unknown(struct decoder *d, const struct shape *s, const struct doc_node *map);

int decode_want(struct decoder *d, const struct doc_node *n, enum doc_type type);

/* It "must be @want, not" what is there. -EINVAL. */
int decode_wrong(struct decoder *d, const struct doc_node *n, const char *want);

/* What a map or list returns after one of its values returned @err. */
static inline int decode_go_on(int err)
{
	return err == -EINVAL ? 0 : err;
}

/* -EINVAL, or -ENOMEM. */
int decode_error(struct decoder *d, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The path grows by a key or an index; pass what it returns to decode_leave(). */
size_t decode_enter(struct decoder *d, const char *key);
size_t decode_enter_item(struct decoder *d, size_t i);
void decode_leave(struct decoder *d, size_t mark);
