/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/shrink.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

struct shrinking {
	struct play *play;
	struct model_case *best;	/* the smallest that fails so far */
	struct model_case *next;	/* is it smaller still? */
};

/* Keeps what was made of s->next, if it fails too. */
static bool keep(struct shrinking *s)
{
	unsigned event;

	if (!play_case(s->play, s->next, NULL, &event))
		return false;
	if (s->next->events[event].kind == EVENT_SHOT && event + 1 < s->next->n_events)
		s->next->n_events = event + 1;
	*s->best = *s->next;
	return true;
}

static bool drop_events(struct shrinking *s, unsigned from, unsigned n)
{
	struct model_case *c = s->next;

	*c = *s->best;
	memmove(&c->events[from], &c->events[from + n],
		(c->n_events - from - n) * sizeof(c->events[0]));
	c->n_events -= n;
	return keep(s);
}

/* From the end: later events need earlier ones, not the other way round. */
static bool shrink_events(struct shrinking *s)
{
	bool any = false;

	for (unsigned n = s->best->n_events / 2; n; n /= 2) {
		for (unsigned from = s->best->n_events; from >= n;) {
			from -= n;
			if (from + n <= s->best->n_events)
				any |= drop_events(s, from, n);
		}
	}
	return any;
}

/* A later configuration from the start on. */
static bool shrink_changes(struct shrinking *s)
{
	bool any = false;

	for (unsigned i = s->best->n_events; i--;) {
		const struct event *e = &s->best->events[i];

		if (i >= s->best->n_events || e->kind != EVENT_CONFIG)
			continue;
		*s->next = *s->best;
		s->next->configs[0] = s->next->configs[e->config];
		memmove(&s->next->events[i], &s->next->events[i + 1],
			(s->next->n_events - i - 1) * sizeof(s->next->events[0]));
		s->next->n_events--;
		any |= keep(s);
	}
	return any;
}

/* Nothing set for the node. */
static bool shrink_node(struct shrinking *s)
{
	*s->next = *s->best;
	for (unsigned k = 0; k < s->next->n_configs; k++)
		s->next->configs[k].node = (struct config_node){ 0 };
	return memcmp(s->next, s->best, sizeof(*s->next)) && keep(s);
}

/* Without one Service in all configurations, or without one endpoint of it. */
static bool shrink_configs(struct shrinking *s)
{
	bool any = false;

	for (unsigned i = 0; i < CONFIG_SERVICES; i++) {
		*s->next = *s->best;
		for (unsigned k = 0; k < s->next->n_configs; k++)
			s->next->configs[k].services[i].exists = false;
		if (memcmp(s->next, s->best, sizeof(*s->next)))
			any |= keep(s);
		for (unsigned e = CONFIG_ENDPOINTS; e--;) {
			*s->next = *s->best;
			for (unsigned k = 0; k < s->next->n_configs; k++) {
				struct config_service *svc = &s->next->configs[k].services[i];

				if (svc->exists && e + 1 == svc->n_endpoints)
					svc->n_endpoints--;
			}
			if (memcmp(s->next, s->best, sizeof(*s->next)))
				any |= keep(s);
		}
	}
	return any;
}

/* One thing less about the packet. False: there is no such thing. */
static bool plainer(struct shot *s, unsigned what)
{
	const struct shot was = *s;

	switch (what) {
	case 0:
		memset(s->poke, 0, sizeof(s->poke));
		break;
	case 1:
		s->cut = s->padding = 0;
		break;
	case 2:
		s->payload = 0;
		break;
	case 3:
		s->ext = EXT_NONE;
		break;
	case 4:
		s->nops = 0;
		break;
	case 5:
		s->fragment = 0;
		break;
	case 6:
		s->error = s->echo = false;
		break;
	case 7:
		s->again = s->forwarded = s->no_csum = false;
		s->segs = 0;
		break;
	case 8:
		s->ttl = 64;
		s->ack = ACK_RIGHT;
		break;
	case 9:
		s->hook = s->hook == HOOK_XDP ? HOOK_UPLINK_IN : s->hook;
		break;
	}
	return memcmp(&was, s, sizeof(was));
}
#define PLAINER 10

static bool shrink_shots(struct shrinking *s)
{
	bool any = false;

	for (unsigned i = 0; i < s->best->n_events; i++) {
		for (unsigned what = 0; what < PLAINER; what++) {
			*s->next = *s->best;
			if (s->next->events[i].kind == EVENT_SHOT &&
			    plainer(&s->next->events[i].shot, what))
				any |= keep(s);
		}
	}
	return any;
}

void case_shrink(struct play *p, struct model_case *c)
{
	struct shrinking s = { .play = p, .best = c, .next = malloc(sizeof(*c)) };

	cr_assert_not_null(s.next);
	for (int i = 0; i < 4; i++) {
		bool any = shrink_events(&s);

		any |= shrink_changes(&s);
		any |= shrink_node(&s);
		any |= shrink_configs(&s);
		any |= shrink_shots(&s);
		if (!any)
			break;
	}
	free(s.next);
}
