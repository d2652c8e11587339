# Everything here is a short name for a script; `make` alone lists them.
.PHONY: help setup build images test test-kernels e2e demo up down kind-up kind-down bench fmt clean

help:
	@echo 'make setup   install what is missing (by itself part of all others)'
	@echo 'make build   target/bin/skep-agent, skep-operator, skep'
	@echo 'make images  target/images/skep-agent.tar, skep-operator.tar: for docker load, ctr images import'
	@echo 'make test    every test that can run on this machine'
	@echo 'make test-kernels   the kernel tests on Linux 5.10, 6.1, 6.12, 6.18 and 7.3, in virtual machines'
	@echo 'make e2e     the end-to-end tests, on a cluster by kind or that of KUBECONFIG'
	@echo 'make demo    a cluster on this machine, two policies, an attack that fails'
	@echo 'make up      the cluster alone, with operator and agent'
	@echo 'make down    ends it and removes all of it'
	@echo 'make kind-up    a Kubernetes cluster of three nodes on this machine, by kind'
	@echo 'make kind-down  ends it and removes all of it'
	@echo 'make bench   what tracing costs'
	@echo 'make fmt     format the Java sources'
	@echo 'make clean   remove what was built'

setup:
	@make/setup

build: setup
	@make/build

images: setup
	@make/images

test: setup
	@make/test

test-kernels: setup
	@e2e/vm/test 5.10 6.1 6.12 6.18 7.3

e2e: setup
	@e2e/kind/e2e

demo: build
	@e2e/demo/demo

up: build
	@e2e/demo/up

down:
	@e2e/demo/down

kind-up:
	@e2e/kind/up

kind-down:
	@e2e/kind/down

bench: build
	@e2e/bench/run

fmt: setup
	@make/maven spotless:apply

clean: setup
	@make/maven clean
	@rm -rf e2e/vm/target
