/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Plain JSON → document, several times as fast as libyaml: what the store holds, and most of
 * what kubectl -o json prints. It says what the reader would say, or leaves it to the reader.
 */
#pragma once

#include "manifest/doc.h"

/*
 * The root of @text in @arena. -EINVAL for everything that is not one plain JSON value, or is
 * beyond a limit: read it with the reader, which knows all of YAML and the words for what is
 * wrong. -ENOMEM.
 */
int json_doc_read(const char *text, size_t len, size_t nodes_max, struct arena *arena,
		  const struct doc_node **ret);
