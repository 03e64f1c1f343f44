/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/report_json.h"

static void json_decref_at(json_t **j)
{
	json_decref(*j);
}

static int count_put(json_t *to, const struct sluice_slot_count *c)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "packetsIn", c->packets_in },	  { "bytesIn", c->bytes_in },
		{ "packetsOut", c->packets_out }, { "bytesOut", c->bytes_out },
		{ "connectionsOpened", c->opened },
		{ "connectionsActive", report_active(c) },
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		r |= json_object_set_new(to, rows[i].key, json_integer((json_int_t)rows[i].value));
	return r;
}

static json_t *backend_json(const struct report_backend *b)
{
	char text[ADDR_TEXT_MAX];
	json_t *j = json_pack("{s:s, s:i, s:s?}", "address", addr_text(&b->addr, text), "port",
			      (int)b->port, "node", b->node);

	if (j && count_put(j, &b->count)) {
		json_decref(j);
		j = NULL;
	}
	return j;
}

/* All reasons, zeros too: who reads a key always finds it. */
static json_t *drops_json(const struct report_service *s)
{
	own(json_decref) json_t *j = json_object();
	int r = 0;

	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
		if (reason_is_drop(i))
			r |= json_object_set_new(j, reason_infos[i].label,
						 json_integer((json_int_t)s->drops[i]));
	}
	return r ? NULL : TAKE(j);
}

static json_t *total_drops_json(const struct report *rep)
{
	struct report_service all = { 0 };

	for (size_t i = 0; i < SLUICE_R_COUNT; i++)
		all.drops[i] = rep->reasons[i].packets;
	return drops_json(&all);
}

static json_t *service_json(const struct report_service *s)
{
	own(json_decref) json_t *backends = json_array();
	own(json_decref) json_t *j = NULL;
	int r = 0;

	j = json_pack("{s:s, s:s, s:s, s:s, s:i}", "namespace", s->namespace, "service", s->name,
		      "portName", s->port_name, "protocol",
		      s->protocol ? protocol_name(s->protocol) : "", "port", (int)s->port);
	if (!j || !backends)
		return NULL;
	r |= count_put(j, &s->count);
	r |= json_object_set_new(j, "affinityHits", s->affinity ?
				 json_integer((json_int_t)s->drops[SLUICE_R_AFFINITY]) : json_null());
	r |= json_object_set_new(j, "drops", drops_json(s));
	vec_each(b, &s->backends)
		r |= json_array_append_new(backends, backend_json(b));
	r |= json_object_set(j, "backends", backends);
	return r ? NULL : TAKE(j);
}

static json_t *tally_json(const struct sluice_tally *t)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)t->packets, "bytes",
			 (json_int_t)t->bytes);
}

json_t *report_json(const struct report *rep)
{
	own(json_decref) json_t *services = json_array();
	own(json_decref) json_t *j = json_object();
	int r = 0;

	vec_each(s, &rep->services)
		r |= json_array_append_new(services, service_json(s));
	r |= json_object_set(j, "services", services);
	r |= json_object_set_new(j, "drops", total_drops_json(rep));
	r |= json_object_set_new(j, "notOurs", tally_json(&rep->reasons[SLUICE_R_NOT_OURS]));
	r |= json_object_set_new(j, "echo", tally_json(&rep->reasons[SLUICE_R_ECHO]));
	r |= json_object_set_new(j, "held", tally_json(&rep->reasons[SLUICE_R_HELD]));
	return r ? NULL : TAKE(j);
}
