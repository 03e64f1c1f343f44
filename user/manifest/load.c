/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Manifests from files, directories and standard input. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "manifest/bounds.h"
#include "manifest/manifest.h"

#define READ_BYTES (64 * 1024)

typedef VEC(char) byte_vec;

static void bytes_done(byte_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(byte_vec, bytes_done)
DEFINE_OWN_DONE(text_vec, texts_done)

/* Pipes have no size, so everything is read to its end. */
static int bytes_read(int fd, const char *name, byte_vec *v, struct err *reterr)
{
	for (;;) {
		ssize_t n;

		if (vec_reserve(v, READ_BYTES) < 0)
			return err_nomem(reterr);
		n = read(fd, v->at + v->n, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(reterr, errno, "%s: cannot read", name);
		if (!n)
			return 0;
		v->n += (size_t)n;
		if (v->n > MANIFEST_BYTES_MAX)
			return err_set(reterr, EFBIG, "%s: larger than %u MiB", name,
				       MANIFEST_BYTES_MAX >> 20);
	}
}

static int fd_load(int fd, const char *name, const struct manifest_options *opt,
		   object_vec *objects, struct err *reterr)
{
	own(bytes_done) byte_vec bytes = { 0 };
	int err = bytes_read(fd, name, &bytes, reterr);

	return err ?: manifest_parse(name, bytes.at, bytes.n, opt, objects, reterr);
}

static bool is_manifest_name(const char *name)
{
	static const char *const ends[] = { ".yaml", ".yml", ".json" };
	size_t n = strlen(name);

	for (size_t i = 0; *name != '.' && i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t e = strlen(ends[i]);

		if (n > e && !strcmp(name + n - e, ends[i]))
			return true;
	}
	return false;
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void dir_close_at(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* The manifests in directory @path, with their paths, sorted. */
static int directory_list(const char *path, text_vec *files, struct err *reterr)
{
	own(dir_close) DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return err_sys(reterr, errno, "%s: cannot open", path);
	while ((errno = 0, e = readdir(dir))) {
		own(free) char *file = NULL;

		if (!is_manifest_name(e->d_name))
			continue;
		if (files->n >= MANIFEST_FILES_MAX)
			return err_set(reterr, EFBIG, "%s: more than %u files", path,
				       MANIFEST_FILES_MAX);
		if (asprintf(&file, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
			     e->d_name) < 0) {
			file = NULL;
			return err_nomem(reterr);
		}
		if (texts_push(files, file) < 0)
			return err_nomem(reterr);
	}
	if (errno)
		return err_sys(reterr, errno, "%s: cannot read", path);
	if (files->n)
		qsort(files->at, files->n, sizeof(*files->at), text_cmp);
	return 0;
}

static int file_load(const char *path, const struct manifest_options *opt, object_vec *objects,
		     struct err *reterr)
{
	own(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && strstr(path, "://"))
		return err_set(reterr, EINVAL, "%s: URLs are not fetched; curl URL | sluice ... -f -",
			       path);
	if (fd < 0)
		return err_sys(reterr, errno, "%s: cannot open", path);
	return fd_load(fd, path, opt, objects, reterr);
}

static int listed_load(const text_vec *files, const struct manifest_options *opt,
		       object_vec *objects, struct err *reterr)
{
	vec_each(f, files) {
		struct stat st;
		struct err e;
		int err;

		/* A directory may well be called x.yaml; it is not read. */
		if (!stat(*f, &st) && S_ISDIR(st.st_mode))
			continue;
		err = file_load(*f, opt, objects, err_clear(&e));
		/* The others shall be heard, too. */
		if (err == -ENOMEM || (err && faults_add_file(opt->faults, e.text)))
			return err_nomem(reterr);
	}
	return 0;
}

static int directory_load(const char *path, const struct manifest_options *opt,
			  object_vec *objects, struct err *reterr)
{
	own(texts_done) text_vec files = { 0 };

	return directory_list(path, &files, reterr) ?:
	       listed_load(&files, opt, objects, reterr);
}

static int path_load(const char *path, const struct manifest_options *opt, object_vec *objects,
		     struct err *reterr)
{
	struct stat st;

	if (!strcmp(path, "-"))
		return fd_load(STDIN_FILENO, "stdin", opt, objects, reterr);
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return directory_load(path, opt, objects, reterr);
	return file_load(path, opt, objects, reterr);
}

int manifest_load(const char *path, const struct manifest_options *opt, object_vec *objects,
		  struct err *reterr)
{
	own(faults_done) struct faults mine = { 0 };
	struct manifest_options all = opt ? *opt : (struct manifest_options){ 0 };
	size_t before = objects->n;
	int err;

	if (!all.faults)
		all.faults = &mine;
	err = path_load(path, &all, objects, reterr) ?: faults_end(&mine, reterr);
	if (err)
		objects_cut(objects, before);
	return err;
}
