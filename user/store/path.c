/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Where an instance keeps its state: STATE_DIR/INSTANCE/state.db. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instance.h"
#include "base/quote.h"
#include "store/db.h"

#define STATE_DIR "/var/lib/sluice"
#define STATE_DIR_ENV "SLUICE_STATE_DIR"

static int check_instance(const char *name, struct err *reterr)
{
	char text[QUOTE_MAX];

	if (instance_is_valid(name))
		return 0;
	return err_set(reterr, EINVAL, "instance name %s: must be 1 to %d letters, digits, '.', "
		       "'_' or '-', the first a letter or digit", quote(name, text), INSTANCE_MAX);
}

static int state_dir(const char **ret, struct err *reterr)
{
	/* secure_getenv: not where privileges were gained by executing us. */
	const char *dir = secure_getenv(STATE_DIR_ENV);
	char text[QUOTE_MAX];

	if (!dir || !*dir)
		dir = STATE_DIR;
	if (*dir != '/')
		return err_set(reterr, EINVAL, STATE_DIR_ENV "=%s: must be an absolute path",
			       quote(dir, text));
	*ret = dir;
	return 0;
}

int store_path_cannot(const char *what, const char *path, struct err *reterr)
{
	int code = errno;

	if (code != EACCES && code != EPERM)
		return err_sys(reterr, code, "cannot %s %s", what, path);
	return err_set(reterr, code, "cannot %s %s: permission denied; run as root, or set "
		       STATE_DIR_ENV " to a directory of yours", what, path);
}

/* Each missing directory on the way, for the owner alone. */
static int make_dirs(char *path, struct err *reterr)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(path, 0700);
		if (r < 0 && errno != EEXIST)
			return store_path_cannot("create", path, reterr);
		*slash = '/';
	}
	return 0;
}

int store_path_find(const char *instance, char **ret, struct err *reterr)
{
	const char *dir = NULL;
	int r = check_instance(instance, reterr) ?: state_dir(&dir, reterr);

	if (r < 0)
		return r;
	if (asprintf(ret, "%s/%s/state.db", dir, instance) < 0)
		return err_nomem(reterr);
	return 0;
}

int store_path_make(const char *instance, char **ret, struct err *reterr)
{
	own(fd_close) int fd = -1;
	own(free) char *path = NULL;
	int r = store_path_find(instance, &path, reterr) ?: make_dirs(path, reterr);

	if (r < 0)
		return r;
	/* SQLite gives its journals the mode of the file, but the file the umask's. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return store_path_cannot("open", path, reterr);
	*ret = TAKE(path);
	return 0;
}
