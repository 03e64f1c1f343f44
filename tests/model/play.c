/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/play.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "model/age.h"
#include "model/apply.h"
#include "model/model.h"
#include "model/record.h"

/* So many shots between two looks at the counters. */
#define COUNTS_EVERY 32
/*
 * To the model a case takes no time, to the programs a second is the end of a moment. So their clock
 * is put back now and then; a case that the machine held up for longer is played again.
 */
#define MOMENT_MS 250
#define MOMENT_MAX_MS 500
#define CASE_ATTEMPTS 20

struct play {
	struct dp *dp;
	struct apply *apply;
	struct model m;
	struct play_total total;
	struct timespec since;		/* the moment that the model takes for now */
	bool slow;
	FILE *record;			/* NULL: nobody wants to read it */
	char text[16384];
};

/* ---- complaints --------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool differ(struct play *p, const char *format, ...)
{
	size_t n = strlen(p->text);
	va_list args;

	va_start(args, format);
	vsnprintf(p->text + n, sizeof(p->text) - n, format, args);
	va_end(args);
	return false;
}

static void differ_frame(struct play *p, const char *what, const struct frame *f,
			 const struct frame *other)
{
	differ(p, "  %s, %u bytes; others than in the packet in []", what, f->len);
	for (__u32 i = 0; i < f->len && i < 256; i++) {
		bool same = i < other->len && f->bytes[i] == other->bytes[i];

		if (i % 16 == 0)
			differ(p, "\n  %4u ", i);
		differ(p, same ? " %02x " : "[%02x]", f->bytes[i]);
	}
	differ(p, "\n");
}

static const char *action_name(enum hook hook, __u32 action)
{
	static const char *const xdp[] = { "aborted", "drop", "pass", "tx", "redirect" };

	if (hook == HOOK_XDP)
		return action < 5 ? xdp[action] : "?";
	return action == (__u32)-1 ? "pass" : action == 2 ? "drop" : action == 7 ? "redirect" : "?";
}

static const char *reason_name(enum sluice_reason why)
{
	static const char *const names[] = {
#define X(id, verdict, label, doc) label,
		SLUICE_REASONS(X)
#undef X
	};

	return names[why];
}

static void differ_outcomes(struct play *p, const struct arrival *at, const struct frame *in,
			    __u32 action, const struct frame *out)
{
	differ(p, "the programs say: %s\n", action_name(at->hook, action));
	differ_frame(p, "packet", in, in);
	differ_frame(p, "came out", out, in);
	for (unsigned i = 0; i < p->m.n_outcomes; i++) {
		const struct outcome *o = &p->m.outcomes[i];

		differ(p, "the model says: %s, %s%s\n", action_name(at->hook, o->action),
		       o->opens ? "a new connection" : reason_name(o->why),
		       o->opens && o->any_port ? ", masqueraded" : "");
		differ_frame(p, "expected", &o->frame, in);
	}
}

/* ---- time --------------------------------------------------------------------------- */

static void clock_mark(struct play *p)
{
	clock_gettime(CLOCK_MONOTONIC, &p->since);
}

static long clock_ms(const struct play *p)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - p->since.tv_sec) * 1000 +
	       (now.tv_nsec - p->since.tv_nsec) / 1000000;
}

static void clock_hold(struct play *p)
{
	long ms = clock_ms(p);

	if (ms < MOMENT_MS)
		return;
	age_hold(p->dp, (__u32)ms);
	clock_mark(p);
}

/* ---- counters ----------------------------------------------------------------------- */

#define SAME(i, field)                                                                      \
	(now.slots[i].field == m->counts.slots[i].field ||                                  \
	 differ(p, "slot %u: " #field " is %llu, not %llu\n", i,                            \
		(unsigned long long)now.slots[i].field,                                     \
		(unsigned long long)m->counts.slots[i].field))

static bool counts_agree(struct play *p)
{
	const struct model *m = &p->m;
	struct counts now;
	bool same = true;

	apply_counts(p->apply, &now);
	for (unsigned i = 0; i < MODEL_SLOTS; i++)
		same &= SAME(i, packets_in) & SAME(i, bytes_in) & SAME(i, packets_out) &
			SAME(i, bytes_out) & SAME(i, opened) & SAME(i, closed) & SAME(i, over);
	for (unsigned i = 0; i < SLUICE_R_COUNT; i++) {
		const struct sluice_tally *is = &now.reasons[i], *want = &m->counts.reasons[i];

		if (is->packets != want->packets || is->bytes != want->bytes)
			same = differ(p, "reason %s: %llu packets, %llu bytes, not %llu, %llu\n",
				      reason_name(i), (unsigned long long)is->packets,
				      (unsigned long long)is->bytes,
				      (unsigned long long)want->packets,
				      (unsigned long long)want->bytes);
		for (unsigned row = 0; row < MODEL_ROWS; row++)
			if (now.drops[row][i] != m->counts.drops[row][i])
				same = differ(p, "service row %u: %llu dropped as %s, not %llu\n", row,
					      (unsigned long long)now.drops[row][i], reason_name(i),
					      (unsigned long long)m->counts.drops[row][i]);
	}
	return same;
}

/* ---- configurations ----------------------------------------------------------------- */

/* Every packet of a lasting connection, and every packet that dials, must be looked at. */
static bool filter_is_whole(struct play *p)
{
	struct model *m = &p->m;

	for (unsigned i = 0; i < m->fronts.n; i++) {
		const struct rule_front *f = &m->fronts.at[i];
		struct tuple t = { .v6 = f->of.v6, .proto = f->proto, .dst = f->addr,
				   .dport = f->port };

		if (!model_looks_at(m, &t, f->kind == SLUICE_FE_LOCALHOST))
			return differ(p, "a frontend has no bit in the filter\n");
	}
	for (unsigned i = 0; i < m->conns.n; i++)
		for (int d = ASK; d <= REPLY; d++) {
			struct tuple t = conn_before(&m->conns.at[i], d);

			if (m->conns.at[i].leg[d].lasting &&
			    !model_looks_at(m, &t, rule_same_addr(&t.dst, &localhost.ip[t.v6], t.v6)))
				return differ(p, "connection %u is alive, and its %s have no bit in the "
						 "filter\n", i, d == ASK ? "requests" : "replies");
		}
	return true;
}

/*
 * Slots and rows may be given away when the maps are written, and their counters folded up: what is
 * there afterwards is where counting goes on.
 */
static bool configure(struct play *p, const struct config *c)
{
	struct places places;
	char *yaml = NULL;
	size_t size;
	FILE *out = open_memstream(&yaml, &size);

	cr_assert_not_null(out);
	config_yaml(c, out);
	fclose(out);
	if (p->record)
		record_config(p->record, yaml);
	apply_yaml(p->apply, yaml, &places);
	free(yaml);
	model_configure(&p->m, c, &places);
	apply_counts(p->apply, &p->m.counts);
	p->total.configs++;
	return filter_is_whole(p);
}

/* ---- packets ------------------------------------------------------------------------ */

static void total_add(struct play *p, const struct outcome *o)
{
	p->total.runs++;
	p->total.sent += o->slot != 0;
	p->total.opened += o->opens;
	p->total.answered += o->answer;
	p->total.dropped += o->why && o->why != SLUICE_R_NOT_OURS && o->why != SLUICE_R_FRAGMENT &&
			    !o->answer;
}

/*
 * A redirect does not say where to: the entry that the packet went by must. What is not a packet of
 * a connection itself (an ICMP error) has none.
 */
static bool hop_agrees(struct play *p, const struct frame *in, const struct outcome *o)
{
	struct wire w = wire_read(in);
	struct packet key = { .v6 = w.t.v6, .proto = w.t.proto, .src = w.t.src, .dst = w.t.dst,
			      .sport = w.t.sport, .dport = w.t.dport };
	bool device = o->way.kind != WAY_STACK && o->way.kind != WAY_LOOP;
	struct sluice_flow f;

	if (!o->slot || w.kind != WIRE_PORTS)
		return true;
	if (!dp_flow(p->dp, &key, &f))
		return differ(p, "the packet's flow is in no table\n");
	if (f.send != (int)o->way.kind ||
	    (device && f.ifindex != scene_ifindex(o->way.dev)))
		return differ(p, "sent by way %d, device %u, not by %d, %u\n", f.send, f.ifindex,
			      o->way.kind, scene_ifindex(o->way.dev));
	return true;
}

/* The frame through one hook. *@ret: what became of it. */
static bool run(struct play *p, const struct shot *s, struct arrival at, const struct frame *in,
		struct outcome *ret)
{
	struct frame out = *in;
	struct counts now;
	__u32 action = 0;
	bool ask;
	int r, i;

	model_judge(&p->m, &at, in);
	for (unsigned k = 0; k < p->m.n_outcomes; k++)
		at.answered |= p->m.outcomes[k].resized;
	r = dp_try(p->dp, &at, &out, &action);
	if (clock_ms(p) > MOMENT_MAX_MS) {
		p->slow = true;
		return false;
	}
	/* The kernel makes no skb of a frame that says IP and is too short for its header. */
	if (r == -EINVAL && at.hook != HOOK_XDP && wire_read(in).kind == WIRE_OTHER) {
		*ret = p->m.outcomes[0];
		return true;
	}
	if (r)
		return differ(p, "the kernel does not run it: %s\n", strerror(-r));
	ask = model_needs_counts(&p->m);
	if (ask)
		apply_counts(p->apply, &now);
	i = model_settle(&p->m, action, in, &out, ask ? &now : NULL);
	if (p->record)
		record_run(p->record, &p->m, &(struct record){ s, &at, in, i < 0 ? 0 : i, i < 0 });
	if (i < 0) {
		differ_outcomes(p, &at, in, action, &out);
		return false;
	}
	*ret = p->m.outcomes[i];
	total_add(p, ret);
	return hop_agrees(p, in, ret);
}

/* What XDP did with a frame and what tc does with it, when nothing has changed in between. */
static bool hooks_agree(struct play *p, const struct outcome *xdp, const struct outcome *tc)
{
	bool xdp_drops = xdp->action == XDP_DROP, tc_drops = tc->action == 2;

	p->total.again++;
	if (xdp_drops != tc_drops || xdp->frame.len != tc->frame.len ||
	    memcmp(xdp->frame.bytes, tc->frame.bytes, xdp->frame.len))
		return differ(p, "XDP and tc do not agree about this packet\n");
	return true;
}

/* From the wire: XDP first, then tc, if XDP leaves it. */
static bool wire_run(struct play *p, const struct shot *s, struct arrival at, const struct frame *in)
{
	struct outcome xdp, tc;
	bool changed;

	if (!run(p, s, at, in, &xdp))
		return false;
	changed = p->m.changed;
	if (xdp.action != XDP_PASS && !s->again)
		return true;
	at.hook = HOOK_UPLINK_IN;
	if (!run(p, s, at, in, &tc))
		return false;
	if (xdp.action == XDP_PASS || changed || p->m.changed)
		return true;
	return hooks_agree(p, &xdp, &tc);
}

static bool shoot(struct play *p, const struct shot *s)
{
	struct found f = conns_find_lasting(&p->m.conns, &s->ask);
	struct arrival at = { .hook = s->hook, .dev = s->dev,
			      .forwarded_from = s->forwarded ? DEV_UP1 : DEV_LO,
			      .gso_segs = s->segs,
			      .gso_size = s->segs ? s->payload / s->segs : 0 };
	struct outcome ignored;
	struct frame in;

	if (!f.conn)
		f = conns_find_half(&p->m.conns, &s->ask);
	if (f.d != ASK)
		f.conn = NULL;
	in = shot_frame(s, f.conn);
	if (p->record)
		record_shot(p->record, &p->m, s, f.conn, &in);
	p->total.packets++;
	return s->hook == HOOK_XDP ? wire_run(p, s, at, &in) : run(p, s, at, &in, &ignored);
}

static bool collect(struct play *p)
{
	__u32 want = model_collect(&p->m), ended = dp_collect(p->dp);

	if (p->record)
		fprintf(p->record, "\tcr_expect_eq(dp_collect(dp), %u);\n", want);
	return want == ended ||
	       differ(p, "the collector ended %u connections, not %u\n", ended, want);
}

/* ---- a case ------------------------------------------------------------------------- */

static bool event_play(struct play *p, const struct model_case *c, const struct event *e)
{
	switch (e->kind) {
	case EVENT_SHOT:
		return shoot(p, &e->shot);
	case EVENT_CONFIG:
		return counts_agree(p) && configure(p, &c->configs[e->config]);
	case EVENT_TIME:
		age_all(p->dp, e->sec);
		p->m.clock += e->sec;
		if (p->record)
			fprintf(p->record, "\tage_all(dp, %u);\n", e->sec);
		return true;
	case EVENT_COLLECT:
		return collect(p);
	}
	return false;
}

static void case_begin(struct play *p, const struct model_case *c)
{
	struct sluice_settings s;

	dp_reset(p->dp);
	if (!c->answers)
		model_answers_off(p->dp);
	model_node_set(p->apply, &c->configs[0].node);
	s = dp_settings(p->dp);
	memset(&p->m, 0, sizeof(p->m));
	p->m.limits = (struct model_limits){
		.syn = s.syn_sec, .established = s.established_sec, .closing = s.closing_sec,
		.half_closed = s.half_closed_sec, .udp = s.udp_sec,
		.sctp = 210, .snat_min = s.snat_min,
		.snat_max = s.snat_max, .answers = c->answers,
	};
	p->text[0] = 0;
	p->slow = false;
	clock_mark(p);
}

static bool case_play(struct play *p, const struct model_case *c, unsigned *ret_event)
{
	case_begin(p, c);
	*ret_event = 0;
	if (!configure(p, &c->configs[0]))
		return false;
	for (unsigned i = 0; i < c->n_events; i++) {
		*ret_event = i;
		clock_hold(p);
		if (!event_play(p, c, &c->events[i]))
			return false;
		if ((i % COUNTS_EVERY == 0 || i + 1 == c->n_events) && !counts_agree(p))
			return false;
	}
	return true;
}

const char *play_case(struct play *p, const struct model_case *c, struct play_total *total,
		      unsigned *ret_event)
{
	for (int i = 0; i < CASE_ATTEMPTS; i++) {
		p->total = (struct play_total){ .cases = 1 };
		if (case_play(p, c, ret_event)) {
			if (total)
				for (size_t k = 0; k < sizeof(*total) / sizeof(total->cases); k++)
					((unsigned long *)total)[k] += ((unsigned long *)&p->total)[k];
			return NULL;
		}
		if (!p->slow)
			return p->text;
	}
	return "the machine is too slow: no case ends within its second";
}

void play_print(struct play *p, const struct model_case *c, FILE *out)
{
	unsigned event;
	char *text = NULL;
	size_t size;

	/* A case that the machine slows down is played, and recorded, again. */
	for (int i = 0; i < CASE_ATTEMPTS; i++) {
		free(text);
		text = NULL;
		p->record = open_memstream(&text, &size);
		cr_assert_not_null(p->record);
		record_begin(p->record, c);
		case_play(p, c, &event);
		record_end(p->record, p->text);
		fclose(p->record);
		p->record = NULL;
		if (!p->slow)
			break;
	}
	fputs(text, out);
	free(text);
}

struct play *play_open(void)
{
	struct play *p = calloc(1, sizeof(*p));

	cr_assert_not_null(p);
	p->dp = model_dp_open();
	p->apply = apply_open(p->dp);
	return p;
}

void play_close(struct play *p)
{
	apply_close(p->apply);
	dp_close(p->dp);
	free(p);
}
