// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Executes a program, after what its arguments say. Bytes that are no text are written %XX in them.
 *
 *   folder PATH              goes there
 *   deep BYTES               goes down new folders until the path of the folder has so many bytes
 *   lost-folder              goes into a new folder and removes it
 *   root PATH                chroot
 *   mount FROM TO            in a mount namespace of its own
 *   rename FROM TO           a file
 *   become USER GROUP        and member of no other
 *   own-users                a user namespace of its own
 *   be-root                  in the user namespace that it made
 *   no-more-rights           whatever it executes
 *   keep-out CAPABILITY      from all that it executes
 *   give-up-all              of its capabilities, until the next exec
 *   environment TEXT...      "NAME=VALUE" until a "."; else it is empty
 *
 * and then one of these, ARGUMENTS including the zeroth:
 *
 *   run PATH ARGUMENTS
 *   run-descriptor PATH ARGUMENTS    by execveat and a descriptor alone
 *   run-below FOLDER PATH ARGUMENTS  by execveat
 *   run-memfd NAME PATH ARGUMENTS    a copy in memory
 *   run-deleted PATH ARGUMENTS       that has no name any more
 *   run-many COUNT BYTES PATH        with so many arguments of so many bytes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEEP_NAME 200

static void fail(const char *what, const char *on)
{
	fprintf(stderr, "executes: %s %s: %s\n", what, on, strerror(errno));
	exit(126);
}

static void must(int result, const char *what, const char *on)
{
	if (result < 0)
		fail(what, on);
}

static void decode(char *text)
{
	char *to = text;

	for (; *text; text++, to++) {
		char digits[3] = {*text == '%' ? text[1] : 0, *text == '%' ? text[2] : 0, 0};

		*to = *text;
		if (*text == '%') {
			*to = (char)strtol(digits, NULL, 16);
			text += 2;
		}
	}
	*to = 0;
}

static void go_deep(size_t bytes)
{
	char name[NAME_MAX + 1], here[PATH_MAX];
	size_t length = strlen(getcwd(here, sizeof(here)));

	while (length < bytes) {
		size_t left = bytes - length - 1, size = left > NAME_MAX ? DEEP_NAME : left;

		memset(name, 'd', size);
		name[size] = 0;
		must(mkdir(name, 0700), "mkdir", name);
		must(chdir(name), "chdir", name);
		length += 1 + size;
	}
}

/* A script behind a descriptor needs it in its interpreter. */
static int opened(const char *path, int flags)
{
	int file = open(path, flags);

	must(file, "open", path);
	return file;
}

static void write_text(const char *path, const char *text)
{
	int file = opened(path, O_WRONLY);

	must(write(file, text, strlen(text)), "write", path);
	close(file);
}

static void map_to_root(const char *path, unsigned id)
{
	char line[32];

	snprintf(line, sizeof(line), "0 %u 1", id);
	write_text(path, line);
}

static int in_memory(const char *name, const char *path)
{
	int copy = memfd_create(name, MFD_CLOEXEC), file = opened(path, O_RDONLY);
	struct stat status;

	must(copy, "memfd_create", name);
	must(fstat(file, &status), "fstat", path);
	if (sendfile(copy, file, NULL, status.st_size) != status.st_size)
		fail("copy", path);
	return copy;
}

static char **many(long count, size_t bytes)
{
	char **arguments = calloc(count + 1, sizeof(*arguments));

	for (long i = 0; i < count; i++) {
		arguments[i] = malloc(bytes + 1);
		memset(arguments[i], 'a' + i % 26, bytes);
		arguments[i][bytes] = 0;
	}
	return arguments;
}

int main(int count, char **words)
{
	static char *nothing[] = {NULL};
	char **environment = nothing;
	unsigned outer_user = 0, outer_group = 0;

	for (int i = 1; i < count; i++)
		decode(words[i]);
	for (char **at = words + 1; *at;) {
		const char *word = *at++;
#define IS(name, parameters) (!strcmp(word, name) && at + (parameters) <= words + count)
		if (IS("folder", 1)) {
			must(chdir(*at), word, *at);
			at++;
		} else if (IS("deep", 1)) {
			go_deep(atol(*at++));
		} else if (IS("lost-folder", 0)) {
			must(mkdir("lost", 0700), "mkdir", "lost");
			must(chdir("lost"), "chdir", "lost");
			must(rmdir("../lost"), "rmdir", "lost");
		} else if (IS("root", 1)) {
			must(chroot(*at), word, *at);
			must(chdir("/"), "chdir", "/");
			at++;
		} else if (IS("mount", 2)) {
			must(unshare(CLONE_NEWNS), "unshare", "mounts");
			must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "make private", "/");
			must(mount(at[0], at[1], NULL, MS_BIND, NULL), word, at[1]);
			at += 2;
		} else if (IS("rename", 2)) {
			must(rename(at[0], at[1]), word, at[0]);
			at += 2;
		} else if (IS("become", 2)) {
			must(setgroups(0, NULL), "setgroups", "none");
			must(setresgid(atoi(at[1]), atoi(at[1]), atoi(at[1])), word, at[1]);
			must(setresuid(atoi(at[0]), atoi(at[0]), atoi(at[0])), word, at[0]);
			at += 2;
		} else if (IS("own-users", 0)) {
			outer_user = getuid();
			outer_group = getgid();
			must(unshare(CLONE_NEWUSER), "unshare", "users");
		} else if (IS("be-root", 0)) {
			must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl", word); /* else these files are root's */
			write_text("/proc/self/setgroups", "deny");
			map_to_root("/proc/self/uid_map", outer_user);
			map_to_root("/proc/self/gid_map", outer_group);
		} else if (IS("keep-out", 1)) {
			must(prctl(PR_CAPBSET_DROP, atol(*at), 0, 0, 0), word, *at);
			at++;
		} else if (IS("give-up-all", 0)) {
			struct __user_cap_header_struct version = {.version = _LINUX_CAPABILITY_VERSION_3};
			struct __user_cap_data_struct none[2] = {};

			must(syscall(SYS_capset, &version, none), word, "");
		} else if (IS("no-more-rights", 0)) {
			must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl", word);
		} else if (IS("environment", 0)) {
			for (environment = at; *at && strcmp(*at, "."); at++)
				;
			*at++ = NULL;
		} else if (IS("run", 1)) {
			must(execve(at[0], at + 1, environment), word, at[0]);
		} else if (IS("run-descriptor", 1)) {
			must(syscall(SYS_execveat, opened(at[0], O_PATH), "", at + 1, environment, AT_EMPTY_PATH), word, at[0]);
		} else if (IS("run-below", 2)) {
			must(syscall(SYS_execveat, opened(at[0], O_PATH), at[1], at + 2, environment, 0), word, at[1]);
		} else if (IS("run-memfd", 2)) {
			must(syscall(SYS_execveat, in_memory(at[0], at[1]), "", at + 2, environment, AT_EMPTY_PATH), word, at[1]);
		} else if (IS("run-deleted", 1)) {
			int file = opened(at[0], O_PATH);

			must(unlink(at[0]), "unlink", at[0]);
			must(syscall(SYS_execveat, file, "", at + 1, environment, AT_EMPTY_PATH), word, at[0]);
		} else if (IS("run-many", 3)) {
			must(execve(at[2], many(atol(at[0]), atol(at[1])), environment), word, at[2]);
		} else {
			fprintf(stderr, "executes: %s: not a word, or too few after it\n", word);
			return 2;
		}
	}
	return 2;
}
