/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "base/shared.h"

Test(shared, a_text_lives_until_its_last_owner)
{
	char *a = shared_new("web.yaml");
	char *b = shared_use(a);

	cr_expect_eq(a, b);
	shared_free(a);
	cr_expect_str_eq(b, "web.yaml");
	shared_free(b);
	cr_expect_null(shared_use(NULL));
	shared_free(NULL);
}
