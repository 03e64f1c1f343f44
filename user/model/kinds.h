/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What object.c needs of each kind; for model/ only. Every x_copy() fills a zeroed @to
 * and returns 0 or -ENOMEM, leaving what x_done() can free; x_default() returns -ENOMEM
 * at worst; x_check() assumes x_default() has been here.
 */
#pragma once

#include "model/object.h"
#include "model/refuse.h"

/* Bounds of our own, where an algorithm here is quadratic; far above any real use. */
#define SERVICE_PORTS_MAX 1000
#define SLICE_PORTS_MAX 1000

/* NULL stays NULL. */
int text_copy(char **to, const char *from);
int texts_copy(text_vec *to, const text_vec *from);
int labels_copy(label_vec *to, const label_vec *from);
void labels_sort(label_vec *labels);

/* Replaces an address, or a block, by its canonical text; leaves what is neither. */
int text_canonical_addr(char **text);
int text_canonical_cidr(char **text);
int texts_canonical_addr(text_vec *texts);

int meta_copy(struct meta *to, const struct meta *from);
void meta_done(struct meta *m);
int meta_default(struct meta *m, bool namespaced);
void labels_check(struct refuse *r, const label_vec *labels, const char *field);
void meta_check(struct refuse *r, const struct meta *m, const char *(*name_wrong)(const char *));

int service_copy(struct service *to, const struct service *from);
void service_done(struct service *s);
int service_default(struct service *s);
void service_addrs_check(struct refuse *r, const struct service *s);
void service_check(struct refuse *r, const struct service *s);

int slice_copy(struct slice *to, const struct slice *from);
void slice_done(struct slice *s);
int slice_default(struct slice *s);
void slice_check(struct refuse *r, const struct slice *s);

/* What a slice shares with Endpoints. */
int slice_ports_copy(slice_port_vec *to, const slice_port_vec *from);
int slice_ports_default(slice_port_vec *ports);
void slice_ports_done(slice_port_vec *ports);
int endpoints_list_copy(endpoint_vec *to, const endpoint_vec *from);
int endpoints_list_default(endpoint_vec *endpoints);
void endpoints_list_done(endpoint_vec *endpoints);

int endpoints_copy(struct endpoints *to, const struct endpoints *from);
void endpoints_done(struct endpoints *e);
int endpoints_default(struct endpoints *e);
void endpoints_check(struct refuse *r, const struct endpoints *e);

int pod_copy(struct pod *to, const struct pod *from);
void pod_done(struct pod *p);
int pod_default(struct pod *p);
void pod_check(struct refuse *r, const struct pod *p);

int node_copy(struct node *to, const struct node *from);
void node_done(struct node *n);
int node_default(struct node *n);
void node_check(struct refuse *r, const struct node *n);
