/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How large a manifest may be. Generous for what people have (`kubectl get pods -A -o yaml`
 * of a large cluster), small enough that no input takes the machine.
 */
#pragma once

#define MANIFEST_BYTES_MAX (256u << 20)	/* one file */
#define MANIFEST_FILES_MAX 10000u	/* in one directory */
#define MANIFEST_DOCS_MAX 100000u	/* in one file, "---" between them */
#define MANIFEST_NODES_MAX (16u << 20)	/* maps, lists and scalars of one document */
#define MANIFEST_DEPTH_MAX 64u		/* maps and lists within each other */
#define MANIFEST_TEXT_MAX (1u << 20)	/* bytes of one scalar */
#define MANIFEST_ANCHORS_MAX 256u	/* in one document */
#define MANIFEST_ALIASES_MAX 10000u	/* in one document */
#define MANIFEST_ALIAS_NODES_MAX 200000u	/* what all its aliases stand for, expanded */
#define MANIFEST_ITEMS_MAX 100000u	/* of a list within an object */
#define MANIFEST_UNKNOWN_MAX 5u		/* unknown fields of one object that are named */
#define MANIFEST_KINDS_MAX 64u		/* different unknown kinds that are named */
