/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/expect.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

static const char *const reason_labels[] = {
#define X(id, verdict, label, doc) label,
	SLUICE_REASONS(X)
#undef X
};

static void hex(FILE *out, const char *title, const struct frame *f, const struct frame *other)
{
	fprintf(out, "  %s, %u bytes; different ones in []", title, f->len);
	for (__u32 i = 0; i < f->len; i++) {
		bool same = i < other->len && f->bytes[i] == other->bytes[i];

		if (i % 16 == 0)
			fprintf(out, "\n  %4u ", i);
		fprintf(out, same ? " %02x " : "[%02x]", f->bytes[i]);
	}
	fputc('\n', out);
}

void expect_frame_at(const struct dp *dp, struct frame got, struct frame want,
		     const char *file, int line)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (got.len == want.len && !memcmp(got.bytes, want.bytes, want.len)) {
		cr_expect(1);
		return;
	}
	out = open_memstream(&text, &size);
	cr_assert_not_null(out);
	hex(out, "got", &got, &want);
	hex(out, "want", &want, &got);
	fclose(out);
	cr_expect(0, "%s:%d: %s: another frame\n%s", file, line, dp->label, text);
	free(text);
}

void expect_slot_at(const struct dp *dp, __u32 slot, struct sluice_slot_count want,
		    const char *file, int line)
{
	struct sluice_slot_count got = dp_slot(dp, slot);

	cr_expect(!memcmp(&got, &want, sizeof(got)),
		  "%s:%d: %s: slot %u has in %llu/%llu out %llu/%llu opened %llu closed %llu, "
		  "not in %llu/%llu out %llu/%llu opened %llu closed %llu", file, line, dp->label,
		  slot, got.packets_in, got.bytes_in, got.packets_out, got.bytes_out, got.opened,
		  got.closed, want.packets_in, want.bytes_in, want.packets_out, want.bytes_out,
		  want.opened, want.closed);
}

void expect_reason_at(const struct dp *dp, enum sluice_reason why, __u64 packets, __u64 bytes,
		      const char *file, int line)
{
	for (__u32 i = 0; i < SLUICE_R_COUNT; i++) {
		struct sluice_tally got = dp_reason(dp, i);
		__u64 want = i == why ? packets : 0;

		cr_expect(got.packets == want && got.bytes == (want ? bytes : 0),
			  "%s:%d: %s: %s was counted %llu times, %llu bytes; not %llu, %llu",
			  file, line, dp->label, reason_labels[i], got.packets, got.bytes, want,
			  want ? bytes : 0);
	}
}

void expect_tables_at(const struct dp *dp, const struct packet *p, int where,
		      const char *file, int line)
{
	int found = dp_flow(dp, p, NULL);

	cr_expect_eq(found, where, "%s:%d: %s: %s half-open, %s lasting entry", file, line,
		     dp->label, found & IN_HALF ? "a" : "no", found & IN_FLOWS ? "a" : "no");
}

void expect_hop_at(const struct dp *dp, const struct packet *p, int where,
		   enum sluice_send send, enum device dev, const char *file, int line)
{
	struct sluice_flow f = { 0 };

	expect_tables_at(dp, p, where, file, line);
	dp_flow(dp, p, &f);
	cr_expect_eq(f.send, send, "%s:%d: %s: sent by way %d, not %d", file, line, dp->label,
		     f.send, send);
	if (send >= SLUICE_SEND_NEIGH && send <= SLUICE_SEND_POD)
		cr_expect_eq(f.ifindex, scene_ifindex(dev), "%s:%d: %s: to device %u, not %u",
			     file, line, dp->label, f.ifindex, scene_ifindex(dev));
}
