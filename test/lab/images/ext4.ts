import { execa } from "execa";

/** Makes an ext4 image of a folder's tree; what is empty in it takes no room. */
export async function ext4(tree: string, image: string, size: string): Promise<void> {
  await execa("nice", [
    "-n",
    "10",
    "mke2fs",
    "-q",
    "-t",
    "ext4",
    "-O",
    "^has_journal",
    "-d",
    tree,
    image,
    size,
  ]);
}
