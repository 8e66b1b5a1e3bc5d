# make deb: the Debian packages, into dist/: arm64, armhf (built for ARMv6, so that a Pi Zero runs it) and amd64.
# Needs Go and git. The same tree gives the same bytes, on any machine with the same Go. What installing, upgrading and
# removing do stands in packaging/man/latchd.service.8.

# Without a release's tag, the commit's time and name: each later commit is an upgrade.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-rc/~rc/; s/-\([0-9]*\)-g/+\1.g/' | grep . || \
	TZ=UTC git log -1 --format='0~%cd.%h' --abbrev=12 --date=format-local:%Y%m%d%H%M%S)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
# Asked once: somebody may commit meanwhile.
VERSION := $(VERSION)
SOURCE_DATE_EPOCH := $(SOURCE_DATE_EPOCH)
DEST ?= dist
ARCHS ?= arm64 armhf amd64
CONFIG ?= packaging/nfpm.yaml
NFPM ?= go run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.1

build := $(DEST)/build
deb = $(DEST)/latchd_$(VERSION)_$*.deb
compile = CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags '-s -w -X main.version=$(VERSION)'
export VERSION SOURCE_DATE_EPOCH
export GOWORK = off

.PHONY: deb share figures clean
deb: $(ARCHS:%=deb-%)

# make figures: what the packages weigh, into BENCHMARKS.md.
figures: deb
	go run ./packaging -weigh BENCHMARKS.md $(ARCHS:%=$(DEST)/latchd_$(VERSION)_%.deb)

env-arm64 = GOOS=linux GOARCH=arm64
env-armhf = GOOS=linux GOARCH=arm GOARM=6
env-amd64 = GOOS=linux GOARCH=amd64
debian-arch = $(patsubst armhf,arm6,$*)

deb-%: share
	$(env-$*) $(compile) -o $(build)/$*/latchd ./cmd/latchd
	rm -f $(DEST)/latchd_*_$*.deb
	ARCH=$(debian-arch) PROGRAM=$(build)/$*/latchd SHARE=$(build)/share $(NFPM) package --config $(CONFIG) --packager deb --target $(deb)

# What is the same on every processor, made from the program and the files that the daemon itself reads.
share:
	rm -rf $(build)/share
	mkdir -p $(build)/share
	$(compile) -o $(build)/host/latchd ./cmd/latchd
	go run ./packaging $(build)/host/latchd $(build)/share

clean:
	rm -rf $(DEST)
