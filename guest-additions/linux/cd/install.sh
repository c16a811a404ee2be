#!/bin/sh
# Installs Tandem's additions for Linux, or takes them away. README.txt says more.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
sbin=/usr/local/sbin
bin=/usr/local/bin
settings=/etc/default/tandemd
unit=/etc/systemd/system/tandemd.service
script=/etc/init.d/tandemd
modules=/etc/modules-load.d/tandem.conf
tools="tandem-clip tandem-channel tandem-x11"
xsession=/etc/X11/Xsession.d/90tandem-x11
autostart=/etc/xdg/autostart/tandem-x11.desktop

usage() {
  echo "usage: sh install.sh [--exec] [--folders DIRECTORY] [--uninstall]"
  exit "$1"
}

has() {
  command -v "$1" > /dev/null 2>&1
}

has_systemd() {
  [ -d /run/systemd/system ] && has systemctl
}

stop() {
  if has_systemd; then systemctl stop tandemd 2> /dev/null || true; fi
  [ ! -x "$script" ] || "$script" stop > /dev/null 2>&1 || true
  has pidof || return 0
  for process in $(pidof tandemd); do kill "$process"; done
  # A new one would take the old one for one that goes on.
  for second in 1 2 3 4 5; do
    pidof tandemd > /dev/null || return 0
    sleep 1
  done
}

uninstall() {
  stop
  if has_systemd; then systemctl disable tandemd 2> /dev/null || true; fi
  rm -f "$unit" "$script" "$modules" "$settings" "$sbin/tandemd" "$xsession" "$autostart"
  for tool in $tools; do rm -f "$bin/$tool"; done
  ! has update-rc.d || update-rc.d tandemd remove > /dev/null 2>&1 || true
  ! has_systemd || systemctl daemon-reload
  echo "Tandem's additions are gone."
  exit 0
}

options=
folders=/media/host
while [ $# -gt 0 ]; do
  case $1 in
    --exec) options="--exec" ;;
    --folders) [ $# -gt 1 ] || usage 2; shift; folders=$1 ;;
    --uninstall) uninstall ;;
    --help) usage 0 ;;
    *) usage 2 ;;
  esac
  shift
done

case $(uname -m) in
  i?86 | x86_64) ;;
  *) echo "These additions are for PCs, not for $(uname -m)." >&2; exit 1 ;;
esac
[ "$(id -u)" = 0 ] || { echo "Only root can install them: try  sudo sh $0" >&2; exit 1; }

stop
mkdir -p "$sbin" "$bin" /etc/default "$folders"
# A program that runs cannot be written over, but replaced.
copy() {
  cp "$1" "$2/.new.$$"
  chmod 755 "$2/.new.$$"
  mv "$2/.new.$$" "$2/$(basename "$1")"
}
copy "$here/linux/tandemd" "$sbin"
for tool in $tools; do
  [ ! -f "$here/linux/$tool" ] || copy "$here/linux/$tool" "$bin"
done
echo "OPTIONS=\"$options $folders\"" > "$settings"

# Debian's X sessions read a directory when they begin; elsewhere desktops do, and both would start it twice.
if [ -d "${xsession%/*}" ]; then
  cp "$here/linux/tandem-x11.xsession" "$xsession"
  chmod 644 "$xsession"
elif [ -d "${autostart%/*}" ]; then
  cp "$here/linux/tandem-x11.desktop" "$autostart"
  chmod 644 "$autostart"
fi

if [ -d /etc/modules-load.d ]; then
  printf 'fuse\nuinput\nuio_pci_generic\n' > "$modules"
fi
for module in fuse uinput uio_pci_generic; do
  modprobe "$module" 2> /dev/null || true
done

if has_systemd; then
  cp "$here/linux/tandemd.service" "$unit"
  chmod 644 "$unit"
  systemctl daemon-reload
  systemctl enable --quiet tandemd
  systemctl restart tandemd
elif [ -d /etc/init.d ]; then
  cp "$here/linux/tandemd.init" "$script"
  chmod 755 "$script"
  ! has update-rc.d || update-rc.d tandemd defaults > /dev/null
  "$script" start
else
  # shellcheck disable=SC2086
  "$sbin/tandemd" $options "$folders" < /dev/null > /dev/null 2>&1 &
  echo "This system has neither systemd nor /etc/init.d: start $sbin/tandemd yourself at the next boot."
fi
echo "Tandem's additions are installed; shared folders are in $folders."
