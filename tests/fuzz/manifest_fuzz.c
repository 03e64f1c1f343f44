/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libFuzzer: any bytes as a manifest. Whatever can be read must print, in YAML and in
 * JSON, as something that reads back the same, as read and after defaults; and defaulting
 * twice changes nothing.
 *
 *	make fuzz-manifest FUZZ_SECONDS=60
 */
#include <string.h>

#include "manifest/manifest.h"
#include "tests/support/canonical.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what, const char *a, const char *b)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n--- %s\n--- %s\n", what, a, b);
	abort();
}

/* The one object in @text, in the form of canonical_json(). */
static char *reread(const char *text, bool fill)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	must(!manifest_parse("again", text, strlen(text), NULL, &objects, &e),
	     "printed text cannot be read", e.text, text);
	must(objects.n == 1, "not one object", text, "");
	if (fill)
		object_default(objects.at[0], NULL);
	return canonical_json(objects.at[0]);
}

static char *printed(struct object *o, bool yaml)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	must(!(yaml ? manifest_print_yaml : manifest_print_json)(f, &o, 1, false),
	     "cannot print", "", "");
	fclose(f);
	return text;
}

static void same_again(struct object *o, bool fill)
{
	own(free) char *compact = canonical_json(o);
	own(object_free) struct object *copy = object_copy(o);
	own(free) char *copied = canonical_json(copy);

	must(compact && copied && !strcmp(compact, copied), "the copy differs", compact, copied);
	for (int yaml = 0; yaml < 2; yaml++) {
		own(free) char *text = printed(o, yaml);
		own(free) char *again = reread(text, fill);

		must(again && !strcmp(compact, again), "reads back differently", compact, again);
	}
}

static void default_is_idempotent(struct object *o)
{
	own(free) char *before = canonical_json(o);
	own(free) char *after = NULL;

	object_default(o, NULL);
	after = canonical_json(o);
	must(!strcmp(before, after), "defaults are not idempotent", before, after);
}

/*
 * Several faults or reasons stand on lines of their own; nothing of the input may look like one. All
 * begin with @item, the last may say how many there are more.
 */
static bool lines_are(const char *item, const char *text)
{
	for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n')) {
		bool last = !strchr(at + 1, '\n');

		if (strncmp(at + 1, item, strlen(item)) && !(last && !strncmp(at + 1, "and ", 4)))
			return false;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults unknown = { 0 };
	const struct manifest_options opt = { .unknown = &unknown };
	struct err e = { 0 }, told = { 0 };

	if (manifest_parse("fuzz", (const char *)data, size, &opt, &objects, &e) < 0) {
		must(e.code && !strncmp(e.text, "fuzz:", 5) && lines_are("fuzz:", e.text),
		     "no clear error", e.text, "");
		return 0;
	}
	faults_end(&unknown, &told);
	must(!unknown.n || (!strncmp(told.text, "fuzz:", 5) && lines_are("fuzz:", told.text)),
	     "no clear warning", told.text, "");
	for (size_t i = 0; i < objects.n && i < 8; i++) {
		struct object *o = objects.at[i];
		struct err why = { 0 };

		same_again(o, false);
		object_default(o, NULL);
		if (object_validate(o, &why) < 0)
			must(why.code && *why.text && lines_are("* ", why.text),
			     "no clear refusal", why.text, "");
		default_is_idempotent(o);
		same_again(o, true);
	}
	return 0;
}
