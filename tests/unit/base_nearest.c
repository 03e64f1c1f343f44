/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What is meant by a word that is misspelt. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/nearest.h"

static const char *meant(const char *word)
{
	static const char *const words[] = { "ip", "get", "port", "ports", "selector", "nodeName",
					     "externalIPs", "externalName",
					     "a-word-of-more-letters-than-any-field-or-command-has" };
	struct nearest n = nearest_to(word);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		nearest_offer(&n, words[i]);
	return n.best ? n.best : "(none)";
}

Test(nearest, words)
{
	static const struct {
		const char *word, *meant;
	} rows[] = {
		{ "selektor", "selector" }, { "Selector", "selector" }, { "SELEKTORS", "selector" },
		{ "selectr", "selector" }, { "nodeNmae", "nodeName" }, { "externalIps", "externalIPs" },
		{ "prt", "port" }, { "porrt", "port" }, { "portss", "ports" }, { "gett", "get" },
		{ "ipp", "ip" }, { "IP", "ip" },
		/* Too far off, or too short to be told. */
		{ "selecting", "(none)" }, { "gx", "(none)" }, { "no", "(none)" }, { "", "(none)" },
		{ "x", "(none)" }, { "name", "(none)" },
		{ "a-word-of-more-letters-than-any-field-or-command-hat", "(none)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(meant(rows[i].word), rows[i].meant, "%s: %s", rows[i].word,
				 meant(rows[i].word));
}

Test(nearest, any_word_may_come)
{
	char word[5000];

	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	cr_expect_str_eq(meant(word), "(none)");
	cr_expect_str_eq(meant("\xff\xfe\x01"), "(none)");
}
