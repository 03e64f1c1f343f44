/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A word is what stands between blanks and operators; "in" and "notin" are operators only
 * behind a key, so that they can be keys and values, too.
 */
#include "model/selector.h"

#include <string.h>

#include "base/quote.h"
#include "model/syntax.h"

#define BLANKS " \t\r\n"
#define SPECIALS "=!(),<>"

static void requirement_done(struct requirement *r)
{
	free(r->key);
	texts_done(&r->values);
}
DEFINE_OWN_DONE(struct requirement, requirement_done)

void selector_done(struct selector *s)
{
	vec_each(r, &s->all)
		requirement_done(r);
	vec_done(&s->all);
}

/* --- text → words ------------------------------------------------------------- */

struct cursor {
	const char *text;
	const char *at;
	struct err *err;
};

static void skip_blanks(struct cursor *c)
{
	c->at += strspn(c->at, BLANKS);
}

/* Whether the next thing is @mark, which is then behind us. */
static bool take(struct cursor *c, const char *mark)
{
	skip_blanks(c);
	if (strncmp(c->at, mark, strlen(mark)))
		return false;
	c->at += strlen(mark);
	return true;
}

static size_t word_length(const struct cursor *c)
{
	return strcspn(c->at, BLANKS SPECIALS);
}

static bool take_word(struct cursor *c, const char *word)
{
	skip_blanks(c);
	if (word_length(c) != strlen(word) || strncmp(c->at, word, strlen(word)))
		return false;
	c->at += strlen(word);
	return true;
}

static int fail(struct cursor *c, const char *why)
{
	char buf[QUOTE_MAX], rest[QUOTE_MAX];

	skip_blanks(c);
	return err_set(c->err, EINVAL, "label selector %s: %s%s%s", quote(c->text, buf), why,
		       *c->at ? " at " : " at its end", *c->at ? quote(c->at, rest) : "");
}

/* The next word, "" if there is none; checked by @wrong. The caller frees *@ret. */
static int word(struct cursor *c, const char *(*wrong)(const char *), char **ret)
{
	own(free) char *text = NULL;
	char buf[QUOTE_MAX], quoted[QUOTE_MAX];
	const char *why;

	skip_blanks(c);
	text = strndup(c->at, word_length(c));
	if (!text)
		return err_nomem(c->err);
	why = wrong(text);
	if (why)
		return err_set(c->err, EINVAL, "label selector %s: %s: %s", quote(c->text, buf),
			       quote(text, quoted), why);
	c->at += strlen(text);
	*ret = TAKE(text);
	return 0;
}

/* --- words → requirements ----------------------------------------------------- */

static int value(struct cursor *c, struct requirement *r)
{
	own(free) char *text = NULL;
	int e = word(c, label_value_wrong, &text);

	if (e)
		return e;
	return texts_push(&r->values, text) ? err_nomem(c->err) : 0;
}

/* "(a, b)"; nothing between commas is the empty value. */
static int values(struct cursor *c, struct requirement *r)
{
	int e;

	if (!take(c, "("))
		return fail(c, "expected '('");
	if (take(c, ")"))
		return fail(c, "expected a value between the parentheses");
	do {
		e = value(c, r);
	} while (!e && take(c, ","));
	if (!e && !take(c, ")"))
		return fail(c, "expected ',' or ')'");
	return e;
}

static bool is_whole_number(const char *text, long long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	return *text && !*end && !errno && !strchr(BLANKS, *text);
}

static int number(struct cursor *c, struct requirement *r)
{
	long long n;
	int e = value(c, r);

	if (!e && !is_whole_number(r->values.at[0], &n))
		return fail(c, "expected a whole number behind '<' or '>'");
	return e;
}

/* What stands behind the key. "==" before "=", which is its beginning. */
static int operation(struct cursor *c, struct requirement *r)
{
	r->op = SELECTOR_IN;
	if (take_word(c, "in"))
		return values(c, r);
	if (take(c, "==") || take(c, "="))
		return value(c, r);
	r->op = SELECTOR_NOT_IN;
	if (take_word(c, "notin"))
		return values(c, r);
	if (take(c, "!="))
		return value(c, r);
	r->op = SELECTOR_GREATER;
	if (take(c, ">"))
		return number(c, r);
	r->op = SELECTOR_LESS;
	if (take(c, "<"))
		return number(c, r);
	r->op = SELECTOR_EXISTS;
	return 0;
}

static int requirement(struct cursor *c, struct selector *to)
{
	own(requirement_done) struct requirement r = { 0 };
	bool not = take(c, "!");
	int e = word(c, label_key_wrong, &r.key);

	if (!e && not)
		r.op = SELECTOR_NOT_EXISTS;
	else if (!e)
		e = operation(c, &r);
	if (e)
		return e;
	if (vec_push(&to->all, r))
		return err_nomem(c->err);
	r = (struct requirement){ 0 };
	return 0;
}

int selector_parse(const char *text, struct selector *ret, struct err *reterr)
{
	own(selector_done) struct selector s = { 0 };
	struct cursor c = { .text = text, .at = text, .err = reterr };
	int r = 0;

	skip_blanks(&c);
	if (*c.at) {
		do {
			r = requirement(&c, &s);
		} while (!r && take(&c, ","));
	}
	skip_blanks(&c);
	if (!r && *c.at)
		r = fail(&c, "expected ',' or an operator");
	if (r)
		return r;
	*ret = s;
	s = (struct selector){ 0 };
	return 0;
}

/* --- match -------------------------------------------------------------------- */

static bool is_one_of(const text_vec *values_, const char *text)
{
	vec_each(v, values_) {
		if (!strcmp(*v, text))
			return true;
	}
	return false;
}

static bool compares(const struct requirement *r, const char *have)
{
	long long a, b;

	if (!is_whole_number(have, &a) || !is_whole_number(r->values.at[0], &b))
		return false;
	return r->op == SELECTOR_GREATER ? a > b : a < b;
}

static bool requirement_holds(const struct requirement *r, const char *have)
{
	switch (r->op) {
	case SELECTOR_IN:
		return have && is_one_of(&r->values, have);
	case SELECTOR_NOT_IN:
		return !have || !is_one_of(&r->values, have);
	case SELECTOR_EXISTS:
		return have;
	case SELECTOR_NOT_EXISTS:
		return !have;
	case SELECTOR_GREATER:
	case SELECTOR_LESS:
		return have && compares(r, have);
	}
	return false;
}

bool selector_matches(const struct selector *s, const label_vec *labels)
{
	vec_each(r, &s->all) {
		if (!requirement_holds(r, labels_find(labels, r->key)))
			return false;
	}
	return true;
}
