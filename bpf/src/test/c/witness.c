// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Says what it was called with: lines "pid N", "path HEX", "folder HEX", "argument HEX" for each, and "environment HEX" for each. The path and the folder are what
 * procfs calls them; none where it has no answer.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(const char *what, const char *bytes, size_t length)
{
	printf("%s ", what);
	for (size_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
	putchar('\n');
}

static void say_link(const char *what, const char *link)
{
	char text[8192];
	ssize_t length = readlink(link, text, sizeof(text));

	if (length >= 0)
		say(what, text, length);
}

int main(int count, char **arguments, char **environment)
{
	printf("pid %d\n", getpid());
	say_link("path", "/proc/self/exe");
	say_link("folder", "/proc/self/cwd");
	for (int i = 0; i < count; i++)
		say("argument", arguments[i], strlen(arguments[i]));
	for (; *environment; environment++)
		say("environment", *environment, strlen(*environment));
	return 0;
}
