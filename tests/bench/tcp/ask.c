/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/tcp/ask.h"

#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/own.h"
#include "bench/tcp/hist.h"
#include "bench/tcp/proto.h"

#define EVENTS 256

enum state {
	STATE_IDLE,		/* could not dial: tried again in the next turn */
	STATE_DIALLED,
	STATE_ASKED,
	STATE_ANSWERED,		/* the server's FIN is still to come */
};

struct slot {
	int fd;
	enum state state;
	uint32_t cookie;
	uint32_t got;		/* of the answer */
	uint64_t began;
	struct response in;
};

struct asking {
	const struct load *load;
	bool close;
	int epoll;
	struct slot *slots;
	unsigned dialled;
	uint32_t cookie;
	uint64_t done;
	struct hist latency;
	struct failures failures;
};

static void slot_dial(struct asking *a, struct slot *s)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = s,
	};
	int on = 1;

	*s = (struct slot){ .began = now_ns() };
	s->fd = load_dial(a->load, a->dialled++, SOCK_NONBLOCK);
	if (s->fd < 0) {
		failures_put(&a->failures, errno);
		return;
	}
	s->state = STATE_DIALLED;
	if ((!a->close && setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))) ||
	    epoll_ctl(a->epoll, EPOLL_CTL_ADD, s->fd, &e))
		err(1, "cannot watch a socket");
}

static void slot_again(struct asking *a, struct slot *s)
{
	close(s->fd);
	slot_dial(a, s);
}

static void slot_failed(struct asking *a, struct slot *s, int code)
{
	failures_put(&a->failures, code);
	slot_again(a, s);
}

static void slot_ask(struct asking *a, struct slot *s)
{
	struct request out = {
		.wish = a->close ? WISH_ANSWER_CLOSE : WISH_ANSWER,
		.cookie = ++a->cookie,
	};
	ssize_t n;

	if (!a->close)
		s->began = now_ns();
	s->cookie = out.cookie;
	s->got = 0;
	n = send(s->fd, &out, sizeof(out), MSG_NOSIGNAL);
	if (n == sizeof(out))
		s->state = STATE_ASKED;
	else if (n >= 0 || errno != EAGAIN)
		slot_failed(a, s, n < 0 ? errno : EIO);
}

static void slot_answered(struct asking *a, struct slot *s)
{
	hist_put(&a->latency, now_ns() - s->began);
	if (s->in.cookie != s->cookie) {
		a->failures.wrong++;
		slot_again(a, s);
	} else if (a->close) {
		s->state = STATE_ANSWERED;
	} else {
		a->done++;
		slot_ask(a, s);
	}
}

/* One read. True: there may be more to read. */
static bool slot_read(struct asking *a, struct slot *s)
{
	bool ending = s->state == STATE_ANSWERED;
	ssize_t n = recv(s->fd, (char *)&s->in + (ending ? 0 : s->got),
			 ending ? 1 : sizeof(s->in) - s->got, 0);

	if (n < 0) {
		if (errno != EAGAIN)
			slot_failed(a, s, errno);
		return false;
	}
	if (ending) {
		if (n)
			a->failures.wrong++;
		else
			a->done++;
		slot_again(a, s);
		return false;
	}
	if (!n) {
		a->failures.closed++;
		slot_again(a, s);
		return false;
	}
	s->got += (uint32_t)n;
	if (s->got == sizeof(s->in))
		slot_answered(a, s);
	return s->state == STATE_ANSWERED;
}

static void slot_event(struct asking *a, struct slot *s)
{
	if (s->state == STATE_DIALLED)
		slot_ask(a, s);
	else
		while (slot_read(a, s))
			;
}

static void run_until(struct asking *a, uint64_t end)
{
	struct epoll_event events[EVENTS];

	for (uint64_t now = now_ns(); now < end; now = now_ns()) {
		uint64_t ms = (end - now) / 1000000 + 1;
		int n = epoll_wait(a->epoll, events, EVENTS, ms < 20 ? (int)ms : 20);

		if (n < 0 && errno != EINTR)
			err(1, "epoll_wait");
		for (int i = 0; i < n; i++)
			slot_event(a, events[i].data.ptr);
		for (unsigned i = 0; !n && i < a->load->concurrency; i++)
			if (a->slots[i].state == STATE_IDLE)
				slot_dial(a, &a->slots[i]);
	}
}

static void count_stuck(struct asking *a, uint64_t now)
{
	for (unsigned i = 0; i < a->load->concurrency; i++)
		a->failures.stuck += now - a->slots[i].began > STUCK_NS;
}

static json_t *report(struct asking *a, const struct mark *from, const struct mark *to)
{
	json_t *r = load_report(from, to, (double)a->done, &a->failures);
	const struct hist *h = &a->latency;
	json_t *more = json_pack("{s:I s:f s:{s:f s:f s:f s:f}}",
				 "count", (json_int_t)a->done,
				 "rate", (double)a->done * 1e9 / (double)(to->ns - from->ns),
				 "microseconds",
				 "p50", (double)hist_at(h, 0.5) / 1e3,
				 "p99", (double)hist_at(h, 0.99) / 1e3,
				 "p999", (double)hist_at(h, 0.999) / 1e3,
				 "max", (double)h->max / 1e3);

	if (r && more)
		json_object_update(r, more);
	json_decref(more);
	return r;
}

json_t *ask(const struct load *l, bool close)
{
	own(free) struct slot *slots = calloc(l->concurrency, sizeof(*slots));
	own(free) struct asking *a = calloc(1, sizeof(*a));
	struct mark from, to;

	if (!slots || !a)
		return NULL;
	*a = (struct asking){ .load = l, .close = close, .slots = slots };
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (a->epoll < 0)
		err(1, "epoll_create1");
	for (unsigned i = 0; i < l->concurrency; i++)
		slot_dial(a, &slots[i]);
	run_until(a, now_ns() + (uint64_t)(l->warm_sec * 1e9));

	a->done = 0;
	a->latency = (struct hist){ 0 };
	a->failures = (struct failures){ 0 };
	mark_take(l, &from);
	run_until(a, from.ns + (uint64_t)(l->sec * 1e9));
	mark_take(l, &to);
	count_stuck(a, to.ns);
	return report(a, &from, &to);
}
