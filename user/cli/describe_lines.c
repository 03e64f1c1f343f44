/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/describe_lines.h"

#include <stdarg.h>
#include <string.h>

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

int lines_init(struct lines *l)
{
	l->out = open_memstream(&l->text, &l->len);
	return l->out ? 0 : -ENOMEM;
}

void lines_done(struct lines *l)
{
	if (l->out)
		fclose(l->out);
	free(l->text);
	vec_done(&l->all);
}
FILE *lines_begin(struct lines *l, const char *key)
{
	if (l->all.n)
		fputc('\0', l->out);
	if (vec_push(&l->all, (struct line){ key, ftello(l->out) }))
		l->failed = true;
	return l->out;
}

void lines_add(struct lines *l, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(lines_begin(l, key), fmt, args);
	va_end(args);
}

void lines_add_texts(struct lines *l, const char *key, const text_vec *texts)
{
	FILE *out = lines_begin(l, key);

	vec_each(t, texts)
		fprintf(out, "%s%s", t == texts->at ? "" : ",", *t);
}

void lines_add_pairs(struct lines *l, const char *key, const label_vec *pairs, const char *equals)
{
	size_t n = 0;

	vec_each(p, pairs) {
		if (strcmp(p->key, LAST_APPLIED))
			lines_add(l, n++ ? "" : key, "%s%s%s", p->key, equals, p->value);
	}
	if (!n)
		lines_begin(l, key);
}

void lines_add_meta(struct lines *l, const struct meta *m)
{
	lines_add(l, "Name", "%s", m->name);
	if (*m->namespace)
		lines_add(l, "Namespace", "%s", m->namespace);
	lines_add_pairs(l, "Labels", &m->labels, "=");
	lines_add_pairs(l, "Annotations", &m->annotations, ": ");
}

void print_foreign(FILE *out, const char *text, int column)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		/* U+0080 to U+009F are controls too. */
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

		if (*p == '\n')
			fprintf(out, "\n%*s", column, "");
		else if (c1)
			fprintf(out, "\\x%02x", *++p);
		else if (*p < ' ' || *p == 0x7f)
			fprintf(out, "\\x%02x", *p);
		else
			fputc(*p, out);
	}
}

int lines_print(FILE *out, struct lines *l, int indent)
{
	int width = 0;

	fputc('\0', l->out);
	if (fflush(l->out) || l->failed)
		return -ENOMEM;
	vec_each(line, &l->all) {
		if ((int)strlen(line->key) > width)
			width = (int)strlen(line->key);
	}
	vec_each(line, &l->all) {
		const char *value = l->text + line->value;

		fprintf(out, "%*s%s%s%*s", indent, "", line->key, *line->key ? ":" : " ",
			width + 2 - (int)strlen(line->key), "");
		print_foreign(out, *value ? value : "<none>", indent + width + 3);
		fputc('\n', out);
	}
	return 0;
}
