/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Manifests into the maps of a test by the way that they always go: manifest/ → cluster/ → plan/ →
 * datapath/. And what the maps hold then, as far as bookkeeping needs it.
 */
#pragma once

#include "model/model.h"

struct apply;

/* All hooks, XDP bound to up0, and tables as large as the model takes them. */
struct dp *model_dp_open(void);

/* No RST and no ICMP, as if too many had been given already. */
void model_answers_off(struct dp *dp);

struct apply *apply_open(struct dp *dp);
void apply_close(struct apply *a);

/* As `sluice config` would set it; what of it is in the image comes with the next apply_yaml(). */
void model_node_set(struct apply *a, const struct config_node *n);

/* @yaml is all there is afterwards. Fails the test if it is refused. */
void apply_yaml(struct apply *a, const char *yaml, struct places *ret);

/* Every counter there is, added up over the CPUs. */
void apply_counts(struct apply *a, struct counts *ret);
