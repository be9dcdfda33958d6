internal import FoundationEssentials
internal import LastcallTestKit

/// Shell scripts about one Postgres server: `$dir` is its folder, `as_owner` runs a program as the user who owns it.
enum ServerScript {
    /// Runs a script to its end.
    ///
    /// - Parameters:
    ///   - script: what to do; the preamble stands before it.
    ///   - folder: `$dir`, with the server's log.
    ///   - arguments: `$2` and so on.
    /// - Throws: ``ChaosError`` with the log's last words.
    static func run(_ script: String, in folder: String, _ arguments: String...) throws {
        do {
            try Shell.run(preamble + script, [folder] + arguments)
        } catch {
            throw ChaosError("\(folder): \(error): \(ServerLog.end(of: folder))")
        }
    }

    private static let preamble = """
        set -eu
        dir=$1
        exec >>"$dir/log" 2>&1
        bin=${LASTCALL_POSTGRES_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5n | tail -n 1)}
        [ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")
        owner=$(id -un)
        if [ "$(id -u)" = 0 ]; then
            owner=nobody
            if id postgres >/dev/null 2>&1; then owner=postgres; fi
        fi
        as_owner() {
            if [ "$(id -u)" = 0 ]; then
                setpriv --reuid "$(id -u "$owner")" --regid "$(id -g "$owner")" --clear-groups "$@"
            else
                "$@"
            fi
        }
        # A server that inherited our sockets would keep them open.
        for number in 3 4 5 6 7 8 9; do eval "exec $number>&-"; done
        cd "$dir"

        """

    /// The folder, its log, and a disk of its own where `$2` is a size in megabytes.
    static let prepare = """
        chown "$owner" "$dir" "$dir/log"
        [ "$2" = 0 ] || mount -t tmpfs -o "size=$2m,mode=0700,uid=$(id -u "$owner"),gid=$(id -g "$owner")" lastcall-chaos "$dir/disk"
        """

    /// `$2`: where the data goes; `$3`: where its log goes; `$4`: lines of `postgresql.conf`.
    static let initialize = """
        as_owner "$bin/initdb" -D "$2" -X "$3" -U postgres -A trust -E UTF8 --locale=C >/dev/null
        printf '%s\\n' "$4" >>"$2/postgresql.conf"
        ln -s "$2" "$dir/data"
        """

    /// `$2`: the folder of the server that is copied; `$3`: what the copy calls itself.
    static let copy = """
        as_owner "$bin/pg_basebackup" -D "$dir/data" -d "host=$2 user=postgres application_name=$3" -R -X stream -c fast
        """

    static let start = """
        as_owner "$bin/pg_ctl" start -w -s -t 60 -D "$dir/data" -l "$dir/log" -o "-k '$dir' -c listen_addresses=''"
        """

    /// `$2`: `immediate`, `fast` or `smart`.
    static let stop = """
        as_owner "$bin/pg_ctl" stop -w -s -t 60 -D "$dir/data" -m "$2"
        """

    static let promote = """
        as_owner "$bin/pg_ctl" promote -w -s -t 60 -D "$dir/data"
        """

    /// Every byte of the small disk is taken, but for what the file system keeps for itself.
    static let fill = """
        as_owner dd if=/dev/zero of="$dir/disk/ballast" bs=1M 2>/dev/null || :
        as_owner dd if=/dev/zero of="$dir/disk/ballast.rest" bs=4k 2>/dev/null || :
        """

    static let unfill = """
        rm -f "$dir/disk/ballast" "$dir/disk/ballast.rest"
        """
}

/// What a server printed.
enum ServerLog {
    /// The last two thousand characters.
    ///
    /// - Parameter folder: of the server.
    /// - Returns: the end of its log.
    static func end(of folder: String) -> String { String(text(of: folder).suffix(2_000)) }

    /// All of it.
    ///
    /// - Parameter folder: of the server.
    /// - Returns: its log; empty where there is none.
    static func text(of folder: String) -> String {
        (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
    }
}
