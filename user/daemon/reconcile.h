/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From what is stored to what the kernel does: the one walk that start, change and repair
 * have in common.
 *
 * Lock order: the store's transaction first, then the instance lock that datapath_open()
 * takes when it creates. Who writes maps holds the transaction, so writers stand in line
 * there, and each writes what the store holds at that moment.
 *
 * A change is saved in the transaction, written to the maps, then committed. So an image that
 * does not fit into the maps changes nothing at all, and a kill between the two leaves maps
 * that are ahead of the store: the next writer takes them back to what the store says.
 */
#pragma once

#include "daemon/change.h"
#include "datapath/datapath.h"
#include "store/store.h"

/* Everything that decides what the maps of this node hold. */
struct node_view {
	struct snapshot snap;
	char *node;			/* this node's name: fact "node", else the host's */
	struct node_facts facts;
	struct sluice_settings settings;
	struct datapath_stamp stamp;
	struct image image;		/* borrows from snap */
};

void node_view_done(struct node_view *v);
DEFINE_OWN_DONE(struct node_view, node_view_done)

/*
 * Reads the store, in its transaction if there is one, and this host. Writes nothing. @dp may
 * be NULL.
 */
int node_view_load(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
		   struct node_view *ret, struct err *reterr);

/* The same of @snap, which it takes over, instead of what is stored. */
int node_view_make(struct store *store, struct datapath *dp, struct snapshot *snap,
		   image_warn_fn *warn, void *warn_arg, struct node_view *ret,
		   struct err *reterr);

/* This node's name alone; the caller frees *@ret. */
int reconcile_node_name(struct store *store, char **ret, struct err *reterr);

/*
 * Makes the maps of @dp hold what the store says. The caller holds the store's transaction.
 * @dp may be NULL, nothing is attached: then the image is only made, for its errors and
 * warnings. *@ret_writes: how many writes it took; may be NULL.
 */
int reconcile(struct store *store, struct datapath *dp, image_warn_fn *warn, void *warn_arg,
	      size_t *ret_writes, struct err *reterr);

/*
 * The same after a change that is saved and not yet committed, at a cost that grows with the
 * change as long as the maps are known to hold what was stored before it; else, and wherever
 * there is a doubt, reconcile() is what happens. With the same outcome: reconcile() afterwards
 * has nothing to write. Warnings are about the Services that the change concerns.
 */
int reconcile_change(struct store *store, struct datapath *dp, struct store_change *change,
		     image_warn_fn *warn, void *warn_arg, size_t *ret_writes,
		     struct err *reterr);

/*
 * An instance belongs to one network namespace: addresses, routes and devices are read from
 * where a command runs. bind: this one, and @node (NULL: as before, else the host's name) is
 * its name. check: -EXDEV with a text that tells the way if it is bound to another one, -ESTALE if
 * that is gone.
 * release: to none; the name stays.
 */
int reconcile_bind(struct store *store, const char *node, struct err *reterr);
int reconcile_check(struct store *store, const char *instance, struct err *reterr);
int reconcile_release(struct store *store, struct err *reterr);

/* How many writes it takes until the maps of @dp hold what @v says; 0: they do. Writes nothing. */
int reconcile_due(struct datapath *dp, const struct node_view *v, size_t *ret, struct err *reterr);
