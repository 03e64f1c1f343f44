/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/web.h"

#include "support/expect.h"

struct service given_web(struct dp *dp)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { &pod_remote });
}

struct talk web_talk(__u16 port)
{
	return (struct talk){
		.client = AT(client_a, port),
		.dialled = WEB_DIALLED,
		.masked = AT(node, 0),
		.backend = AT(pod_remote, 8080),
	};
}

__u16 expect_goes_to(struct dp *dp, struct packet p, const struct host *backend)
{
	struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);
	__u16 snat = frame_sport(dp, &out);

	expect_packet(dp, out, talk_routed(talk_between(p, AT(node, snat),
							((struct end){ backend, 8080 })),
					   backend));
	return snat;
}
