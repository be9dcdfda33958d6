/// The text of the console's templates and assets, by name. The build plugin writes them from the files.
enum PageText {}
