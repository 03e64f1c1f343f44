/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/settings.h"

static int setting_load(struct store *store, enum cluster_setting which,
			struct cluster_config *cfg, struct err *reterr)
{
	own(free) char *text = NULL;
	struct err e = { 0 };
	int r = store_get_fact(store, cluster_setting_names[which], &text, &e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_set(reterr, e.code, "%s", e.text);
	r = cluster_config_set(cfg, which, text, reterr);
	if (r < 0)
		err_prefix(reterr, "the stored %s", cluster_setting_names[which]);
	return r;
}

int settings_load(struct store *store, struct cluster_config *ret, struct err *reterr)
{
	struct cluster_config cfg = cluster_config_builtin();
	int r = 0;

	for (enum cluster_setting i = 0; !r && i < SETTING_COUNT; i++)
		r = setting_load(store, i, &cfg, reterr);
	if (!r)
		*ret = cfg;
	return r;
}

int settings_save(struct store *store, const struct cluster_config *cfg,
		  enum cluster_setting which, struct err *reterr)
{
	own(free) char *text = cluster_config_given_text(cfg, which);

	if (!text)
		return err_nomem(reterr);
	return store_set_fact(store, cluster_setting_names[which], *text ? text : NULL, reterr);
}
