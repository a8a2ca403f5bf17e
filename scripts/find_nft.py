import shutil
def find_nft():
    return shutil.which("nft")
